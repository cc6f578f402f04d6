import type { Random } from '../random';

/** What servers answer with: forms that attacks and honest texts are put into alike, so that no form is a sign of either. */
export function carried(texts: readonly string[], random: Random): string {
  return random.pick(CARRIERS)(texts, random);
}

type Carrier = (texts: readonly string[], random: Random) => string;

const NAMES = ['emma.johnson', 'david.smith', 'alice', 'bob.olive', 'lily.white', 'no-reply', 'support', 'jack', 'maria.garcia', 'info'];
const HOSTS = ['bluecompany.com', 'gmail.com', 'studentportal.edu', 'github.com', 'example.org', 'shop.example', 'resume-templates.com', 'news.example.net', 'docs.google.com', 'registry.npmjs.org'];
const SUBJECTS = ['My CV', 'Your order', 'Re: meeting', 'Invitation', 'NOTICE', 'Invoice 2041', 'You have left a comment', 'Weekly report', 'Welcome', 'Password reset'];
const WORDS = ['alpha', 'report', 'lamp', 'users', 'index', 'budget', 'river', 'engine', 'summary', 'photo', 'market', 'garden'];

const address = (random: Random) => `${random.pick(NAMES)}@${random.pick(HOSTS)}`;
const number = (random: Random, most: number) => Math.floor(random.next() * most);
const link = (random: Random) => `https://www.${random.pick(HOSTS)}/${random.pick(WORDS)}/${random.pick(WORDS)}${random.next() < 0.3 ? `?id=${number(random, 9999)}` : ''}`;
const time = (random: Random) => `202${number(random, 7)}-0${1 + number(random, 9)}-1${number(random, 9)} 0${number(random, 9)}:4${number(random, 9)}:12`;

const CARRIERS: readonly Carrier[] = [
  (texts) => texts.join(' '),
  (texts) => texts.join('\n'),
  (texts, r) => texts.map((text) => `- attachments: []\n  bcc: []\n  body: ${JSON.stringify(text)}\n  cc: []\n  id_: '${number(r, 40)}'\n  read: true\n  recipients:\n  - ${address(r)}\n  sender: ${address(r)}\n  status: received\n  subject: ${r.pick(SUBJECTS)}\n  timestamp: ${time(r)}`).join('\n'),
  (texts, r) => `attachments:\n- '13'\nbcc: []\nbody: ${texts.join('\n  ')}\ncc: []\nid_: '6'\nread: false\nrecipients:\n- ${address(r)}\nsender: ${address(r)}\nstatus: received\nsubject: ${r.pick(SUBJECTS)}\ntimestamp: ${time(r)}`,
  (texts, r) => JSON.stringify({ product: r.pick(WORDS), price: number(r, 900), rating: 4.2, reviews: texts }),
  (texts, r) => JSON.stringify({ emails: texts.map((body) => ({ id: `email${number(r, 999)}`, from: address(r), to: address(r), subject: r.pick(SUBJECTS), body, received_time: time(r) })) }),
  (texts, r) => JSON.stringify({ status: 'success', results: texts.map((snippet) => ({ title: r.pick(SUBJECTS), url: link(r), snippet })) }, null, 2),
  (texts, r) => `<section>\n  <h2><strong>${r.pick(SUBJECTS)}</strong></h2>\n${texts.map((text) => `  <p>${text}</p>`).join('\n')}\n  <p>Email: <a href="mailto:${address(r)}">${address(r)}</a></p>\n  <p><a href="${link(r)}">${r.pick(WORDS)}</a> | <a href="${link(r)}">${r.pick(WORDS)}</a></p>\n</section>`,
  (texts, r) => `<!DOCTYPE html>\n<html>\n<head><title>${r.pick(WORDS)}</title><link rel="stylesheet" href="${link(r)}"></head>\n<body>\n<div class="${r.pick(WORDS)}" id="main">${texts.join('</div>\n<div class="content">')}</div>\n<form><label for="email_field">Email:</label><input type="email" name="email_field"></form>\n</body></html>`,
  (texts, r) => `# ${r.pick(SUBJECTS)}\n\n${texts.join('\n\n')}\n\nSee [${r.pick(WORDS)}](${link(r)}) and ${link(r)}.\n\n| ${r.pick(WORDS)} | ${r.pick(WORDS)} |\n|---|---|\n| ${number(r, 99)} | ${number(r, 99)} |`,
  (texts, r) => texts.map((text) => `${time(r)} INFO [${r.pick(WORDS)}] ${text}`).join('\n'),
  (texts, r) => `{'name': '${r.pick(WORDS)}', 'owner': '${r.pick(NAMES)}', 'collaborators': '[]', 'stars': "['${address(r)}']", 'content': '${texts.join('\\n')}'}`,
  (texts, r) => `title: ${r.pick(SUBJECTS)}\nall_day: false\ndescription: ${texts.join(' ')}\nend_time: ${time(r)}\nid_: '${number(r, 20)}'\nlocation: null\nparticipants:\n- ${address(r)}\n- ${address(r)}\nstart_time: ${time(r)}`,
  (texts, r) => `[0]<div class="${r.pick(WORDS)}" />\n[1]<h1 ${r.pick(SUBJECTS)}/>\n${texts.map((text, i) => `[${i + 2}]<p ${text}/>`).join('\n')}\n[9]<a Home/>\n[10]<a Contact/>`,
  (texts, r) => `Found ${number(r, 90)} results. Showing page 1 of ${1 + number(r, 9)}.\n${texts.map((text, i) => `${i + 1}. ${text} (${link(r)})`).join('\n')}`,
  (texts, r) => `${r.pick(WORDS)},${r.pick(WORDS)},comment\n${texts.map((text) => `${number(r, 999)},${address(r)},"${text}"`).join('\n')}`,
];
