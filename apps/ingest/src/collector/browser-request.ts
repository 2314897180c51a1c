import type { IncomingHttpHeaders } from 'node:http';
import type { BlockList } from 'node:net';
import { isbot } from 'isbot';
import { clientIpOf, type BrowserRequest } from '@tributary/sources';
import { TwoGenerations } from './two-generations.js';

/** A request to the collector as it came in, without its body. */
export interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly peer: string;
  readonly receivedAt: number;
}

const REMEMBERED_AGENTS = 5_000;
const MAX_AGENT_CHARS = 1_000;

const single = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header.join(', ') : header);

/** Says of User-Agents whether they are programs (`isbot`, kept up to date); browsers repeat themselves, so answers are kept. */
export class BotFilter {
  private readonly known = new TwoGenerations<boolean>(REMEMBERED_AGENTS);

  isBot(userAgent: string | undefined): boolean {
    if (userAgent === undefined) return true;
    const agent = userAgent.slice(0, MAX_AGENT_CHARS);
    const known = this.known.get(agent);
    if (known !== undefined) return known;
    const answer = isbot(agent);
    this.known.set(agent, answer);
    return answer;
  }
}

export interface BrowserRequestRules {
  readonly trustedProxies: readonly BlockList[];
  readonly filterBots: boolean;
  readonly bots: BotFilter;
}

/** What the source judges of a request. */
export function browserRequestOf(
  { headers, peer, receivedAt }: Arrived,
  { trustedProxies, filterBots, bots }: BrowserRequestRules,
): BrowserRequest {
  return {
    receivedAt,
    cookies: single(headers.cookie),
    userAgent: headers['user-agent'],
    acceptLanguage: single(headers['accept-language']),
    isPrivacyControlOn: headers['sec-gpc'] === '1',
    clientIp: clientIpOf(peer, single(headers['x-forwarded-for']), trustedProxies),
    isBot: filterBots && bots.isBot(headers['user-agent']),
    origin: headers.origin,
    host: headers.host,
    secFetchSite: single(headers['sec-fetch-site']),
  };
}
