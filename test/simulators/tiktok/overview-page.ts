import type { Received } from './vendor.ts';

const SHOWN_REQUESTS = 50;

const escaped = (value: string): string => value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const row = (cells: readonly string[]): string => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;

/** What was received, newest first, for a person to look at. */
export function overviewPage({ counts, requests }: Received): string {
  const rows = requests
    .slice(-SHOWN_REQUESTS)
    .toReversed()
    .map(({ at, requestId, eventIds, outcome, code, message }) =>
      row([new Date(at).toISOString(), requestId, eventIds.join(', '), outcome, code === null ? '' : String(code), message]),
    );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TikTok simulator</title>
<style>body{font:14px system-ui;margin:2rem}td,th{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #ddd}</style></head>
<body><h1>TikTok Events API (simulated)</h1>
<p>${counts.requests} requests, ${counts.accepted} events counted, ${counts.duplicates} duplicates dropped.
<a href="/_control/received">All as JSON</a>, <a href="/_control/faults">ordered faults</a>.</p>
<table><tr><th>time</th><th>request</th><th>event ids</th><th>outcome</th><th>code</th><th>message</th></tr>${rows.join('')}</table></body></html>`;
}
