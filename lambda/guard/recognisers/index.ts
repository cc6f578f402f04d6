/** What secrets, personal, payment and health data look like: recognisers as data files, and the one pass that applies them. */
export { entropyOf } from './entropy';
export { BUILT_IN, readRecognisers, scannerOf, secretScanner, UnusableRecogniser } from './load';
export { DATA_CLASSES, type DataClass, type Match, type Recogniser, type RecogniserFile } from './recogniser';
export { Scanner, type ScanContext } from './scanner';
