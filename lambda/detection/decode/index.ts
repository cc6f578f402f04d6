/** Texts inside texts: every disguise that can be taken off. What comes out has to be judged. */
export { decodings, wholeDecodings, type Decoding } from './decodings';
