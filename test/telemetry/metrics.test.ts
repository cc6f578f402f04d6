import { createMetrics } from '../../lambda/telemetry';
import { eventWith } from '../audit/events';

describe('metrics in OpenMetrics text', () => {
  test('requests by decision, refusals by reason, times and sizes', () => {
    const metrics = createMetrics();
    metrics.sink.write(eventWith({ server: 'files', method: 'tools/call', decision: 'allow', durationMs: 3, responseBytes: 2_000 }));
    metrics.sink.write(eventWith({ server: 'files', method: 'tools/call', decision: 'allow', durationMs: 30, responseBytes: 9_000_000 }));
    metrics.sink.write(eventWith({ server: 'files', method: 'tools/call', decision: 'deny', reason: 'forbidden', durationMs: 1, responseBytes: 100 }));
    metrics.detected({ kind: 'loop' });
    const text = metrics.read();
    for (const line of [
      'mcp_requests_total{server="files",method="tools/call",decision="allow"} 2',
      'mcp_refusals_total{server="files",reason="forbidden"} 1',
      'mcp_detections_total{kind="loop"} 1',
      'mcp_request_duration_seconds_bucket{le="0.005"} 2',
      'mcp_request_duration_seconds_count 3',
      'mcp_response_bytes_bucket{le="4194304"} 2',
      'mcp_response_bytes_bucket{le="+Inf"} 3',
    ]) expect(text).toContain(`${line}\n`);
    expect(text.endsWith('# EOF\n')).toBe(true);
  });

  test('names that clients choose do not break lines, and do not fill the memory', () => {
    const metrics = createMetrics();
    metrics.sink.write(eventWith({ server: 'files', method: 'a"} 1\nmcp_requests_total{x="' }));
    for (let i = 0; i < 5_000; i++) metrics.sink.write(eventWith({ method: `method-${i}` }));
    const lines = metrics.read().split('\n');
    expect(lines.length).toBeLessThan(600);
    expect(lines).toContainEqual(expect.stringMatching(/^mcp_requests_total\{other="true"\} 4\d{3}$/));
    expect(lines.filter((line) => line !== '' && !/^(#|[a-z_]+(\{.*\})? [0-9.e-]+$)/.test(line))).toEqual([]);
  });
});
