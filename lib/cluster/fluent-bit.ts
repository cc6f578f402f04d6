/** A container whose lines go to a log group of their own, as it writes them. */
export interface LinesOfContainer {
  readonly namespace: string;
  readonly container: string;
  readonly logGroupName: string;
}

/**
 * `application-log.conf` of Fluent Bit in the add-on for logs: the lines of some containers as they are, those of all others with what Kubernetes
 * knows of them. Containers write into `/var/log/containers/<pod>_<namespace>_<container>-<id>.log`.
 */
export function applicationLogConfig(applicationLogGroup: string, lines: readonly LinesOfContainer[]): string {
  const paths = lines.map(({ namespace, container }) => `/var/log/containers/*_${namespace}_${container}-*.log`);
  return [
    ...lines.flatMap(({ logGroupName }, index) => [
      ...section('INPUT', { ...tail(paths[index]!, `lines${index + 1}`), Tag: `lines${index + 1}.*` }),
      // Only the value of this key is sent: what the container wrote.
      ...section('OUTPUT', { ...cloudWatch(logGroupName), Match: `lines${index + 1}.*`, log_key: 'log' }),
    ]),
    ...section('INPUT', { ...tail('/var/log/containers/*.log', 'application'), Tag: 'application.*', ...(paths.length > 0 ? { Exclude_Path: paths.join(', ') } : {}) }),
    ...section('FILTER', {
      Name: 'kubernetes',
      Match: 'application.*',
      Kube_URL: 'https://kubernetes.default.svc:443',
      Kube_Tag_Prefix: 'application.var.log.containers.',
      Merge_Log: 'On',
      Merge_Log_Key: 'log_processed',
      Labels: 'Off',
      Annotations: 'Off',
      Use_Kubelet: 'On',
      Kubelet_Port: '10250',
    }),
    ...section('OUTPUT', { ...cloudWatch(applicationLogGroup), Match: 'application.*' }),
    '',
  ].join('\n');
}

function tail(path: string, name: string): Record<string, string> {
  return {
    Name: 'tail',
    Path: path,
    'multiline.parser': 'docker, cri',
    DB: `/var/fluent-bit/state/flb_${name}.db`,
    Mem_Buf_Limit: '50MB',
    Buffer_Max_Size: '1MB',
    Refresh_Interval: '10',
    Rotate_Wait: '30',
    'storage.type': 'filesystem',
    Read_from_Head: 'On',
  };
}

function cloudWatch(logGroup: string): Record<string, string> {
  return { Name: 'cloudwatch_logs', region: '${AWS_REGION}', log_group_name: logGroup, log_stream_prefix: '${HOST_NAME}-', auto_create_group: 'false' };
}

function section(name: string, entries: Readonly<Record<string, string>>): string[] {
  return [`[${name}]`, ...Object.entries(entries).map(([key, value]) => `  ${key} ${value}`), ''];
}
