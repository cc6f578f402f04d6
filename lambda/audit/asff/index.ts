/** What the audit trail finds, in the format of AWS Security Hub (LOG-3, ENT-2). */
export { toAsff, type AsffContext, type AsffFinding } from './to-asff';
