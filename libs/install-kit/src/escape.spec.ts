import { execFileSync, spawnSync } from 'node:child_process';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { attributeLiteral, commentText, configUrl, configWord, phpList, phpLiteral, phpMap, scriptLiteral, UnsafeValue } from './escape.js';

const HAS_PHP = spawnSync('php', ['-v']).status === 0;
/** Everything that has ever ended a literal early. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        "'",
        '"',
        '\\',
        '</script>',
        '<!--',
        '-->',
        '*/',
        '//',
        '?>',
        '<?php',
        '{{',
        '}}',
        '${',
        '$',
        '`',
        '\n',
        '\r',
        '\0',
        '&quot;',
        '\u2028',
        'é',
        ';',
        '}',
        '#',
      ),
    )
    .map((parts) => parts.join('')),
);

describe('a value filled into script', () => {
  it('means the same text, and cannot end its element, a comment, or be a tag manager’s variable', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const literal = scriptLiteral({ [text]: text });
        expect(runInNewContext(`(${literal})`)).toEqual({ [text]: text });
        expect(literal).not.toMatch(/[<>&\u2028\u2029]|\{\{/);
      }),
      { examples: [['__proto__'], ['a,"__proto__":'], ['{"__proto__":']] },
    );
  });
});

describe('a value filled into an attribute', () => {
  it('reads the same, and holds nothing that ends it', () => {
    const read = (literal: string): string =>
      literal
        .slice(1, -1)
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&#39;', "'")
        .replaceAll('&amp;', '&');
    fc.assert(
      fc.property(nasty, (text) => {
        const literal = attributeLiteral(text);
        expect(literal).toMatch(/^"[^"<>']*"$/);
        expect(read(literal)).toBe(text);
      }),
    );
  });
});

describe('a value filled into PHP', () => {
  it('reads back by PHP’s own rule for single quotes', () => {
    const read = (literal: string): string => literal.slice(1, -1).replace(/\\([\\'])/g, '$1');
    fc.assert(
      fc.property(nasty, (text) => {
        const literal = phpLiteral(text);
        expect(literal).toMatch(/^'(?:[^'\\]|\\['\\])*'$/s);
        expect(read(literal)).toBe(text);
      }),
    );
  });

  (HAS_PHP ? it : it.skip)('reads the same in PHP itself (left out where there is no php)', () => {
    const wellFormed = nasty.filter((text) => text.isWellFormed());
    const [texts = []] = fc.sample(fc.array(wellFormed, { minLength: 200, maxLength: 200 }), 1);
    const program = `<?php echo json_encode(array( ${phpList(texts)}, ${phpMap({ key: texts[0] ?? '' })} ));`;
    const printed = execFileSync('php', { input: program, encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual([texts, { key: texts[0] }]);
  });
});

describe('a value filled into a web server’s configuration', () => {
  it('stands between quotes as it is, or is refused', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const isSafe = /^[\x21-\x7e]*$/.test(text) && !/["\\$]/.test(text);
        if (isSafe) expect(configWord(text)).toBe(`"${text}"`);
        else expect(() => configWord(text)).toThrow(UnsafeValue);
      }),
    );
  });

  it('takes every http address', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), fc.constantFrom('', '/a$b', '/"quoted"', '/ü'), (url, path) => {
        expect(configUrl(`${url.replace(/[?#].*$/, '').replace(/\/$/, '')}${path}`)).toMatch(/^"https?:\/\/[^"\\$\s]*"$/);
      }),
    );
  });
});

describe('a value in a comment', () => {
  it('cannot end it, in any of the languages', () => {
    fc.assert(fc.property(nasty, (text) => expect(commentText(text)).not.toMatch(/[*?<>\n\r'"`$\\]|--/)));
  });
});
