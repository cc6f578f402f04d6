/** One spelling for texts that look or mean the same, and what was hidden in them. */
export { foldWord, normalise, type NormalisedText, type Oddity } from './normalise';
