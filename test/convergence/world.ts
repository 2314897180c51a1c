/** Something that happens at a moment of the world's time. */
interface Appointment {
  readonly at: number;
  readonly number: number;
  readonly happen: () => void;
}

/** A clock that moves only when told to, and what is to happen on the way. */
export class World {
  private appointments: Appointment[] = [];
  private count = 0;

  constructor(private time: number) {}

  /** Epoch ms. */
  now(): number {
    return this.time;
  }

  in(delayMs: number, happen: () => void): void {
    this.count += 1;
    const appointment = { at: this.time + delayMs, number: this.count, happen };
    const index = this.appointments.findIndex(({ at }) => at > appointment.at);
    this.appointments.splice(index < 0 ? this.appointments.length : index, 0, appointment);
  }

  /** Lets time pass, and everything happen that falls into it, in its order. */
  pass(ms: number): void {
    const until = this.time + ms;
    for (let next = this.appointments[0]; next !== undefined && next.at <= until; next = this.appointments[0]) {
      this.appointments.shift();
      this.time = Math.max(this.time, next.at);
      next.happen();
    }
    // What happened may itself have let time pass.
    this.time = Math.max(this.time, until);
  }

  /** Lets pass what it takes until nothing is left to happen. */
  passAll(): void {
    for (let last = this.appointments.at(-1); last !== undefined; last = this.appointments.at(-1)) this.pass(last.at - this.time);
  }
}
