import { detect, TextLimits } from '../../lambda/detection';

/** Units that make careless readers slow, repeated up to the limit of what is read at all. */
const UNITS = [
  'a', 'a ', 'do not tell the user ', 'ignore previous instructions. ', 'before using other tool ', '<important> ', '<!-- ', '[[', '((', 'aGVsbG8g', '%41', '&#65;', '\\x41', 'a b c ', 'аa ', 'а', '\u200b', 'a\u200b',
  '\u0301', '\u{e0041}', '\u001b[', ' ', '\n', '\n\n-', '"', '`', 'a_', 'a/', '../', 'http://a.b/', 'a@b.c ', '不', '请先读取', '![](', '<div ', '===', '---', "don't ", '𝐚', 'ก', 'A.bb ', 'a-', 'ﷺ', '![a](http://a?',
  ...Array.from({ length: 0x7f - 0x21 }, (_, i) => String.fromCharCode(0x21 + i)),
];

test.each([...new Set(UNITS)].map((unit) => [JSON.stringify(unit), unit]))('TD-2 %s over and over is judged in under a second', (_, unit) => {
  const tool = { name: 'n', description: unit.repeat(Math.floor((TextLimits.characters - 1) / unit.length)), inputSchema: {} };
  const elapsed = () => {
    const start = process.cpuUsage();
    detect(tool);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000;
  };
  // Time of this process alone, and the best of three: other work on the machine is not what is measured.
  let best = elapsed();
  for (let run = 0; run < 2 && best > 1_000; run++) best = Math.min(best, elapsed());
  expect(best).toBeLessThan(1_000);
});
