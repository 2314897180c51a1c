import type { ConnectProgress } from '@tributary/stream';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

function words(progress: ConnectProgress | undefined): readonly [title: string, text: string] {
  switch (progress?.state) {
    case 'connected':
      return ['Your shop is connected', 'The keys work and were stored. You can close this page.'];
    case 'refused':
      return ['Your shop was not connected', `${progress.because ?? 'No reason was kept'}. Ask for a new link and try again.`];
    case 'checking':
      return ['One moment', 'The keys are being checked. Load this page again in a few seconds.'];
    case 'waiting':
      return ['Your shop has not answered yet', 'The keys have not arrived. Load this page again in a few seconds, or ask for a new link.'];
    case 'expired':
    case undefined:
      return ['This link is no longer good', 'It was used already, or is too old. Ask for a new one.'];
  }
}

/** What a merchant sees who comes back from the shop. */
export function donePage(progress: ConnectProgress | undefined): string {
  const [title, text] = words(progress);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title><h1>${escaped(title)}</h1><p>${escaped(text)}</p></html>\n`;
}
