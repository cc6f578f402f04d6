import type { OcsfEvent } from './to-ocsf';

/** Types of AWS Glue by the names of columns: what a row of a class has. */
type Columns = Readonly<Record<string, string>>;

const USER = 'struct<name:string,uid:string,type_id:int,type:string,domain:string>';
const PRODUCT = 'struct<name:string,vendor_name:string>';

const OF_ALL: Columns = {
  activity_id: 'int',
  category_uid: 'int',
  class_uid: 'int',
  type_uid: 'bigint',
  time: 'bigint',
  severity_id: 'int',
  status_id: 'int',
  metadata: `struct<version:string,product:${PRODUCT},uid:string,correlation_uid:string,profiles:array<string>>`,
  unmapped: 'map<string,string>',
};

/** The classes of events as tables: names of sources of Amazon Security Lake, which holds one class in each, and their columns. */
export const LAKE_TABLES: Readonly<Record<OcsfEvent['class_uid'], { readonly name: string; readonly columns: Columns }>> = {
  6003: {
    name: 'api-activity',
    columns: {
      ...OF_ALL,
      status: 'string',
      action_id: 'int',
      action: 'string',
      status_detail: 'string',
      status_code: 'string',
      duration: 'bigint',
      actor: `struct<user:${USER},app_name:string>`,
      api: 'struct<operation:string,service:struct<name:string>,request:struct<uid:string>,version:string>',
      src_endpoint: 'struct<ip:string,name:string>',
      resources: 'array<struct<name:string,type:string>>',
      policy: 'struct<uid:string>',
    },
  },
  3003: { name: 'authorize-session', columns: { ...OF_ALL, activity_name: 'string', user: USER, actor: `struct<user:${USER}>`, message: 'string' } },
  2004: {
    name: 'detection-finding',
    columns: {
      ...OF_ALL,
      finding_info: 'struct<uid:string,title:string,types:array<string>,created_time:bigint>',
      risk_score: 'int',
      actor: `struct<user:${USER}>`,
      evidences: 'array<struct<src_endpoint:struct<ip:string>>>',
    },
  },
  2005: {
    name: 'incident-finding',
    columns: { ...OF_ALL, status: 'string', status_detail: 'string', message: 'string', finding_info_list: 'array<struct<uid:string,title:string,types:array<string>>>' },
  },
};

/** An event as a row: what OCSF has no place for is text by its name, since a column has one type. */
export function lakeRow({ unmapped, ...event }: OcsfEvent): Readonly<Record<string, unknown>> {
  const { mcp = {} } = (unmapped ?? {}) as { readonly mcp?: Readonly<Record<string, unknown>> };
  return { ...event, unmapped: Object.fromEntries(Object.entries(mcp).map(([name, value]) => [`mcp.${name}`, typeof value === 'string' ? value : JSON.stringify(value)])) };
}
