import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REASONS } from '@tributary/domain';

/** docs/reasons.md says of every code what the code itself says, and what would change it. */
const PAGE = readFileSync(join(__dirname, '../../docs/reasons.md'), 'utf8');

type Documented = readonly [code: string, meaning: string, change: string];

const documentedIn = (page: string): Documented[] =>
  [...page.matchAll(/^\| `([^`]+)`\s*\|(.*?)\|(.*?)\|$/gm)].map(([, code = '', meaning = '', change = '']) => [
    code,
    meaning.trim(),
    change.trim(),
  ]);

function problemsOf(page: string): string[] {
  const documented = documentedIn(page);
  const codes = documented.map(([code]) => code);
  return [
    ...Object.keys(REASONS)
      .filter((code) => !codes.includes(code))
      .map((code) => `${code} is not in docs/reasons.md: add its row`),
    ...codes.filter((code) => !Object.hasOwn(REASONS, code)).map((code) => `${code} is no code any more: delete its row`),
    ...codes.filter((code, index) => codes.indexOf(code) !== index).map((code) => `${code} stands twice`),
    ...documented
      .filter(([code, meaning]) => Object.hasOwn(REASONS, code) && meaning !== REASONS[code as keyof typeof REASONS])
      .map(([code]) => `${code} means something else in docs/reasons.md`),
    ...documented.filter(([, , change]) => change === '').map(([code]) => `${code}: what would change it?`),
  ];
}

it('every reason is documented as it is', () => expect(problemsOf(PAGE)).toEqual([]));

it.each<[string, string, string]>([
  ['a missing row', PAGE.replace(/^\| `too-old`.*\n/m, ''), 'too-old is not in docs/reasons.md'],
  ['a row of no code', `${PAGE}| \`ghost\` | Boo. | Nothing. |\n`, 'ghost is no code any more'],
  ['another meaning', PAGE.replace(REASONS.throttled, 'It rains.'), 'throttled means something else'],
  ['nothing that would change it', PAGE.replace(/^(\| `bot`\s*\|[^|]*\|)[^|]*\|$/m, '$1 |'), 'bot: what would change it?'],
])('the check finds %s', (_what, page, problem) => expect(problemsOf(page).join('\n')).toContain(problem));
