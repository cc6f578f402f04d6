import { WordPieces } from '../../../lambda/detection/meaning/word-pieces';

const pieces = new WordPieces(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'read', '##ing', 'file', '.', 'cafe']);
const [UNK, CLS, SEP, READ, ING, FILE, DOT, CAFE] = [1, 2, 3, 4, 5, 6, 7, 8];

describe('word pieces', () => {
  test('the longest piece first, case and accents aside', () => {
    expect(pieces.read('Reading file. Café', 64)).toEqual([CLS, READ, ING, FILE, DOT, CAFE, SEP]);
  });

  test('a word that no pieces make up is unknown as a whole', () => {
    expect(pieces.read('reader file', 64)).toEqual([CLS, UNK, FILE, SEP]);
    expect(pieces.read('read'.repeat(20), 64)).toEqual([CLS, UNK, SEP]);
  });

  test('no more than was asked for, the end included', () => {
    expect(pieces.read('file file file file', 4)).toEqual([CLS, FILE, FILE, SEP]);
  });

  test('a vocabulary without its marks is refused', () => {
    expect(() => new WordPieces(['file'])).toThrow('[UNK]');
  });
});
