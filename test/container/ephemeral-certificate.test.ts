import { createPrivateKey, X509Certificate } from 'node:crypto';
import { ephemeralCertificate } from '../../lambda/container/ephemeral-certificate';

const NOW = Date.UTC(2026, 10, 22, 12);

test('NET-4 makes a certificate that others read: its name, its time, its own signature and its key', () => {
  const { key, cert } = ephemeralCertificate('gateway', NOW, 30);
  const certificate = new X509Certificate(cert);
  expect(certificate.subject).toBe('CN=gateway');
  expect(certificate.checkHost('gateway')).toBe('gateway');
  expect(new Date(certificate.validFrom)).toEqual(new Date(NOW - 86_400_000));
  expect(new Date(certificate.validTo)).toEqual(new Date(NOW + 30 * 86_400_000));
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
});

test('no two processes have the same key or serial number', () => {
  const [one, other] = [ephemeralCertificate('gateway', NOW), ephemeralCertificate('gateway', NOW)];
  expect(one.key).not.toBe(other.key);
  expect(new X509Certificate(one.cert).serialNumber).not.toBe(new X509Certificate(other.cert).serialNumber);
});

test('any of many is well formed: lengths, and numbers that must not become negative', () => {
  for (let index = 0; index < 40; index++) {
    const name = `${'n'.repeat(index + 1)}.example.com`;
    const certificate = new X509Certificate(ephemeralCertificate(name, NOW).cert);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkHost(name)).toBe(name);
  }
});
