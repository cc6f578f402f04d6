/** Data loss prevention that an enterprise has already, asked about every result (DLP-1, ENT-3): by HTTP or ICAP; the AWS adapters are beside this file. */
export { createHttpHook, type HttpHookOptions } from './http-hook';
export { createIcapClient, type IcapOptions } from './icap';
export { withDlpLimits, type DlpExchange, type DlpLimits, type DlpService, type DlpVerdict } from './service';
