import { addCounts, countsLine, countsOfCheck, countsOfJest, noCounts } from '../../tools/bootstrap/suites/counts.mts';
import { readTestRequest } from '../../tools/bootstrap/suites/request.mts';

const report = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, numRuntimeErrorTestSuites: 0 };

describe('the last line of a test run', () => {
  it('counts what passed and failed, and what was skipped only when something was', () => {
    expect(countsLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
    expect(countsLine({ passed: 12, failed: 2, skipped: 3 })).toBe('12 passed, 2 failed, 3 skipped');
  });

  it('adds up specs and checks', () => {
    const specs = countsOfJest({ ...report, numPassedTests: 5, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 }, 1);
    expect([specs, countsOfCheck(true), countsOfCheck(false)].reduce(addCounts, noCounts)).toEqual({ passed: 6, failed: 2, skipped: 2 });
  });
});

describe('a jest run', () => {
  it('counts a file that failed before its tests as one failure', () => {
    expect(countsOfJest({ ...report, numPassedTests: 5, numRuntimeErrorTestSuites: 1 }, 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
  });

  it('is a failure when jest ends badly without naming one, or leaves no report', () => {
    expect(countsOfJest({ ...report, numPassedTests: 5 }, 1)).toEqual({ passed: 5, failed: 1, skipped: 0 });
    expect(countsOfJest(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

describe('the arguments of npm test', () => {
  it('take --only and leave the rest to jest', () => {
    expect(readTestRequest(['--only', 'unit', '-t', 'a name', 'order'])).toEqual({
      only: 'unit',
      jestArguments: ['-t', 'a name', 'order'],
    });
    expect(readTestRequest(['--only', 'unit', '--', '--changedSince=main'])).toEqual({
      only: 'unit',
      jestArguments: ['--changedSince=main'],
    });
    expect(readTestRequest(['--only=e2e'])).toEqual({ only: 'e2e', jestArguments: [] });
    expect(readTestRequest(['--only=unit', '--', '--changedSince=main']).jestArguments).toEqual(['--changedSince=main']);
    expect(readTestRequest([])).toEqual({ only: null, jestArguments: [] });
  });

  it('refuse a project that does not exist', () => {
    expect(() => readTestRequest(['--only', 'all'])).toThrow('--only takes one of unit, int, e2e');
  });
});
