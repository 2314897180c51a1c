import type { AssertedIdentifier, AssertionEvent, IdentifiersAsserted } from '@tributary/domain';
import { asserted, DAY_MS, GRAPH_BEGINS_AT, identifier, ordered, type Name } from '../../builders/identity-graph.builder.ts';
import { Chance } from '../woocommerce/shop/chance.ts';
import { peopleOf, sessionsOf, SHARES, visitorOf, type Person, type Session } from './town.ts';

/** A log, and the truth behind it that no fold ever sees. */
export interface SimulatedLog {
  readonly events: readonly AssertionEvent[];
  /** Event id → person, of every observation of a person; repeats and bots have none. */
  readonly truth: ReadonlyMap<string, string>;
}

const BOT_EVERY_SESSIONS = 200;
const BOT_MAILS = 12;
const HOUR = 1 / 24;

class LogWriter {
  private readonly timed: { readonly day: number; readonly event: IdentifiersAsserted }[] = [];
  private readonly truth = new Map<string, string>();
  private orders = 0;

  constructor(private readonly chance: Chance) {}

  private say(day: number, event: (receivedAt: number) => IdentifiersAsserted, person: Person | null): void {
    const said = event(GRAPH_BEGINS_AT + Math.round(day * DAY_MS));
    this.timed.push({ day, event: said });
    if (person !== null) this.truth.set(said.eventId, person.id);
  }

  private is(share: number): boolean {
    return this.chance.next() < share;
  }

  private mailOf(person: Person): Name | AssertedIdentifier {
    if (this.is(SHARES.typoMail)) return `email:${person.id}-typo${this.orders}`;
    if (person.teamMail !== null && this.is(0.5)) return identifier(person.teamMail, { isRoleAddress: true });
    return person.secondMail !== null && this.is(SHARES.usesSecondMail) ? person.secondMail : person.mail;
  }

  private phoneOf(person: Person, day: number): Name | AssertedIdentifier {
    if (this.is(SHARES.noRealPhone)) return identifier('phone:0000000', { blocked: 'repeated-digit' });
    if (person.homePhone !== null && this.is(SHARES.usesHomePhone)) return person.homePhone;
    return person.recycledPhone !== null && day > 90 ? person.recycledPhone : person.phone;
  }

  order({ day, person }: Session): void {
    this.orders += 1;
    const orderId = String(this.orders);
    if (this.is(SHARES.byPhone)) {
      // Staff types the shop's own mail and the buyer's number.
      const staff = identifier('email:shop', { isMerchantOwn: true });
      this.say(day, (receivedAt) => ordered(orderId, [staff, person.phone], { receivedAt }), person);
      return;
    }
    const visitor = visitorOf(person, this.chance);
    const isLoggedIn = person.customer !== null && this.is(SHARES.loggedIn);
    const names = [...(isLoggedIn && person.customer !== null ? [person.customer] : []), this.mailOf(person), this.phoneOf(person, day)];
    const isVisitorKnown = this.is(0.85);
    this.say(day, (receivedAt) => ordered(orderId, isVisitorKnown ? [...names, visitor] : names, { receivedAt }), person);
    if (!isVisitorKnown)
      this.say(day + HOUR / 60, (receivedAt) => ordered(orderId, [visitor], { receivedAt, basis: 'purchase-shown' }), null);
    if (this.is(SHARES.changedLater)) this.say(day + 3 * this.chance.next(), (receivedAt) => ordered(orderId, names, { receivedAt }), null);
  }

  browse({ day, person }: Session): void {
    const visitor = visitorOf(person, this.chance);
    if (!this.is(SHARES.identifies)) return;
    const isHashOnly = this.is(0.5);
    const names = [identifier(person.mail, { isHashOnly }), visitor];
    this.say(day, (receivedAt) => asserted(names, { receivedAt }), person);
  }

  /** Fills forms with addresses it has from somewhere, real ones among them. */
  bot(index: number, { day, person }: Session): void {
    for (let count = 0; count < BOT_MAILS; count += 1) {
      const mail: Name = count === BOT_MAILS / 2 ? person.mail : `email:bot${index}-${count}`;
      this.say(day + count * HOUR, (receivedAt) => asserted([mail, `visitor:bot${index}`], { receivedAt, basis: 'registration' }), null);
    }
  }

  finish(): SimulatedLog {
    return { events: this.timed.toSorted((a, b) => a.day - b.day).map(({ event }) => event), truth: this.truth };
  }
}

/** Half a year of a shop in a town of so many households; one seed, one log. */
export function simulateIdentityLog(seed: number, households: number): SimulatedLog {
  const chance = new Chance(seed);
  const sessions = sessionsOf(peopleOf(households, chance), chance);
  const writer = new LogWriter(chance);
  for (const [index, session] of sessions.entries()) {
    if (session.isOrder) writer.order(session);
    else writer.browse(session);
    if (index % BOT_EVERY_SESSIONS === 0) writer.bot(index, session);
  }
  return writer.finish();
}
