import { join } from 'node:path';
import { computeMatrix, findBreaches, loadTemplates, parseDenial, readNetwork, resolveTemplates } from '../../network';
import { breaks, cellOf, fixture, matrixOf } from './load';

const flat = () => computeMatrix(readNetwork(resolveTemplates(loadTemplates(join(__dirname, '..', '..', 'range', 'templates', 'flat.yaml')))));

describe('NET-1 a zone with one declared way out', () => {
  const matrix = matrixOf(fixture('zone.yaml').files);

  it.each([['servers -> internet'], ['servers -> dns'], ['servers -> foreign-accounts'], ['servers -> servers'], ['servers -> load-balancers'], ['internet -> *']])('%s is closed', (denial) => {
    expect(findBreaches(matrix, parseDenial(denial))).toEqual([]);
  });

  it('the declared domain is reached by its name, over TLS on 443, and over the way that the routes say', () => {
    const { verdict, allows, path } = cellOf(matrix, 'Web', 'domains');
    expect({ verdict, allows }).toEqual({ verdict: 'limited', allows: ['api.example.com: tcp 443'] });
    expect(path.map((hop) => hop.split(' ')[0])).toEqual(['security', 'route', 'firewall', 'route', 'route', 'internet']);
  });

  it('the server without egress has no route to it', () => {
    expect(cellOf(matrix, 'Files', 'domains').verdict).toBe('closed');
  });

  it('the gateway reaches the load balancer, and the load balancer the servers, on their ports only', () => {
    expect(cellOf(matrix, 'Gateway', 'Balancer')).toMatchObject({ verdict: 'limited', allows: ['tcp 443'] });
    expect(cellOf(matrix, 'Balancer', 'Files')).toMatchObject({ verdict: 'limited', allows: ['tcp 8080'] });
    expect(cellOf(matrix, 'Gateway', 'Files').verdict).toBe('closed');
  });

  it('endpoints are reached for what is the own account\'s', () => {
    expect(cellOf(matrix, 'Files', 's3, own resources').verdict).toBe('limited');
    expect(cellOf(matrix, 'Files', 's3 of others').verdict).toBe('closed');
    expect(cellOf(matrix, 'Web', 's3, own resources').verdict).toBe('closed');
  });

  it('a closed cell says what closes it', () => {
    expect(cellOf(matrix, 'Web', 'internet:nameless').path.at(-1)).toContain('no rule passes it');
    expect(cellOf(matrix, 'Web', 'internet:false-name').path.at(-1)).toContain('the resolver never answered with this address');
  });
});

describe('NET-1 a flat network', () => {
  const matrix = flat();

  it.each([['internet:tcp'], ['internet:udp'], ['internet:icmp'], ['internet:other'], ['internet:nameless'], ['internet:ipv6'], ['dns'], ['metadata'], ['logs of others']])('everything is open: %s', (to) => {
    expect(cellOf(matrix, 'Server', to).verdict).toBe('open');
  });

  it('assertions break', () => {
    expect(breaks(matrix, 'servers -> internet')).toBe(true);
    expect(breaks(matrix, 'Server -> Neighbour')).toBe(true);
    // The default group lets only its members in.
    expect(breaks(matrix, 'internet -> servers')).toBe(false);
  });
});
