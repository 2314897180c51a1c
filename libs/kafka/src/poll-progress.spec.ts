import { PollProgress } from './poll-progress.js';

let nowMs = 0;
let progress: PollProgress;
beforeEach(() => {
  nowMs = 1_000;
  progress = new PollProgress(() => nowMs);
});

it('is idle since the loop last went round', () => {
  nowMs += 300;
  expect(progress.idleForMs()).toBe(300);
  progress.loop();
  expect(progress.idleForMs()).toBe(0);
});

it('is idle while a batch hangs, although the loop goes round for other partitions', () => {
  progress.begin();
  nowMs += 500;
  progress.loop();
  expect(progress.idleForMs()).toBe(500);
});

it('is not idle while a batch waits and says so, and no longer hangs on it when it is done', () => {
  const waiting = progress.begin();
  const hanging = progress.begin();
  nowMs += 500;
  waiting.beat();
  expect(progress.idleForMs()).toBe(500);
  hanging.end();
  expect(progress.idleForMs()).toBe(0);
  nowMs += 100;
  waiting.end();
  expect(progress.idleForMs()).toBe(0);
});
