import type { Chance } from '../woocommerce/shop/chance.ts';
import type { Name } from '../../builders/identity-graph.builder.ts';

/** Shares of people and of what they do; chosen for a shop whose buyers are guests two times out of three. */
export const SHARES = {
  /** Of households: one, two, three persons. */
  couples: 0.3,
  families: 0.15,
  /** Of households with several persons. */
  withHomePhone: 0.25,
  withSharedDevice: 0.4,
  /** Of a person's orders and sessions where there is one. */
  usesHomePhone: 0.4,
  usesSharedDevice: 0.4,
  /** Of persons. */
  withAccount: 0.35,
  withSecondMail: 0.03,
  withRecycledPhone: 0.01,
  withTeamMail: 0.01,
  /** Of an account's owner's orders. */
  loggedIn: 0.7,
  usesSecondMail: 0.25,
  /** Of orders. */
  typoMail: 0.005,
  noRealPhone: 0.03,
  byPhone: 0.02,
  changedLater: 0.3,
  /** Of sessions. */
  cookieLost: 0.25,
  identifies: 0.15,
} as const;

const DAYS = 180;
const TEAM_SIZE = 4;

/** A browser; its cookie is lost now and then, and then it is another visitor. */
export interface Device {
  readonly id: string;
  visitors: number;
}

/** The truth: who somebody is, and what they own and share. */
export interface Person {
  readonly id: string;
  readonly mail: Name;
  readonly secondMail: Name | null;
  readonly teamMail: Name | null;
  readonly phone: Name;
  /** From this day on the number is another one's: the one before it gave it up. */
  readonly recycledPhone: Name | null;
  readonly homePhone: Name | null;
  readonly customer: Name | null;
  readonly devices: readonly Device[];
}

/** One visit of somebody; `day` with a fraction. */
export interface Session {
  readonly day: number;
  readonly person: Person;
  readonly isOrder: boolean;
}

const isTrue = (chance: Chance, share: number): boolean => chance.next() < share;

function household(index: number, chance: Chance, before: Person | undefined): Person[] {
  const dice = chance.next();
  const size = dice < SHARES.families ? 3 : dice < SHARES.families + SHARES.couples ? 2 : 1;
  const homePhone = size > 1 && isTrue(chance, SHARES.withHomePhone) ? (`phone:home${index}` as const) : null;
  const shared = size > 1 && isTrue(chance, SHARES.withSharedDevice) ? { id: `shared${index}`, visitors: 0 } : null;
  return Array.from({ length: size }, (_, member) => {
    const id = `${index}-${member}`;
    return {
      id,
      mail: `email:${id}`,
      secondMail: isTrue(chance, SHARES.withSecondMail) ? `email:${id}-second` : null,
      teamMail: isTrue(chance, SHARES.withTeamMail) ? `email:team${Math.floor(index / TEAM_SIZE)}` : null,
      phone: `phone:${id}`,
      recycledPhone: before !== undefined && isTrue(chance, SHARES.withRecycledPhone) ? before.phone : null,
      homePhone,
      customer: isTrue(chance, SHARES.withAccount) ? `customer:${id}` : null,
      devices: [{ id, visitors: 0 }, ...(shared === null ? [] : [shared])],
    };
  });
}

/** Everybody of a town with so many households. */
export function peopleOf(households: number, chance: Chance): readonly Person[] {
  const people: Person[] = [];
  for (let index = 0; index < households; index += 1) people.push(...household(index, chance, people[people.length - 7]));
  return people;
}

/** What all of them do within half a year, in the order in which it happens. */
export function sessionsOf(people: readonly Person[], chance: Chance): readonly Session[] {
  const sessions = people.flatMap((person) => {
    const count = 1 + Math.floor(-Math.log(1 - chance.next()) * 2.5);
    return Array.from({ length: count }, () => ({ day: chance.next() * DAYS, person, isOrder: isTrue(chance, 0.6) }));
  });
  return sessions.toSorted((a, b) => a.day - b.day);
}

/** The visitor id of this session, and the device's from now on. */
export function visitorOf(person: Person, chance: Chance): Name {
  const isShared = person.devices.length > 1 && isTrue(chance, SHARES.usesSharedDevice);
  const device = person.devices[isShared ? 1 : 0] as Device;
  if (device.visitors === 0 || isTrue(chance, SHARES.cookieLost)) device.visitors += 1;
  return `visitor:${device.id}.${device.visitors}`;
}
