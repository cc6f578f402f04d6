import type { Edit } from './edits';

const ORDINARY = /^[\t\n\r\x20-\x7e]*$/;

/** Terminal sequences: CSI, OSC, other strings, and single escapes; C1 forms as well. */
 
const TERMINAL = /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]?|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]{0,4096}(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]{0,4}[0-~]?|[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]/g;

/** Characters without width or that change the order, where no script or emoji needs them. */
const INVISIBLE = /[\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\u{e0100}-\u{e01ef}\u180e\u115f\u1160\u3164\uffa0]|[\u200b\u034f\u00ad]{1,4096}|[\u200c\u200d]{2,4096}|[\ufe00-\ufe0f]{2,4096}/gu;

/** England, Scotland and Wales: a black flag, tags and the last of them. */
const FLAG = /\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}/gu;

/** What a person does not see: taken out without a trace in its place. Ordinary text costs one look. */
export function hiddenEdits(text: string): readonly Edit[] {
  if (ORDINARY.test(text)) return [];
  const flags = [...text.matchAll(FLAG)].map(({ index, 0: flag }) => [index, index + flag.length] as const);
  const found: Edit[] = [];
  for (const pattern of [TERMINAL, INVISIBLE]) {
    for (const { index, 0: run } of text.matchAll(pattern)) {
      if (flags.some(([start, end]) => index >= start && index < end)) continue;
      if (run === '\u00ad' || (run === '\ufeff' && index === 0)) continue;
      found.push({ start: index, end: index + run.length, replacement: '' });
    }
  }
  return found;
}
