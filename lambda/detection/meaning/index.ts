/** What a sentence means, read in its order: a small transformer for what the words alone leave open. */
import { readEncoder } from './artifact';
import { Encoder } from './encoder';

export { Encoder, type EncoderArtifact } from './encoder';

let encoder: Encoder | undefined;

/** Log-odds that a sentence steers its reader, by the encoder that ships with this package; read on first use. */
export function meaningOf(sentence: string): number {
  return (encoder ??= new Encoder(readEncoder())).score(sentence);
}
