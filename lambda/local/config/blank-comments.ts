/**
 * JSON as editors write it (`//` and block comments, tabs), with the comments and tabs turned into as many spaces:
 * what is left is YAML 1.2 with every position where it was. Strings are left alone.
 */
export function blankComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\/|\t/g, (part) =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, ' '),
  );
}
