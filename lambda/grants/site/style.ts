/** The style sheet of the pages. Everything is in it: no fonts, images or scripts from anywhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #fff; --ink: #16191f; --quiet: #5c6472; --line: #dfe3e9; --code: #f0f2f5;
  --accent: #1d5fd0; --good: #14743f; --good-ground: #e3f4ea; --bad: #b3261e; --bad-ground: #fbe9e7; --wait: #8a5a00; --wait-ground: #fdf1d8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101318; --card: #191d24; --ink: #e8ebf0; --quiet: #9aa3b2; --line: #2c323c; --code: #11151b;
    --accent: #7aa7f7; --good: #6fd39a; --good-ground: #14301f; --bad: #ff8a80; --bad-ground: #3a1a18; --wait: #f0c36a; --wait-ground: #35290f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.top { display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding: .75rem 1.5rem; background: var(--card); border-bottom: 1px solid var(--line); }
.top a { color: inherit; font-weight: 650; text-decoration: none; }
.top form { display: flex; align-items: center; gap: .75rem; color: var(--quiet); font-size: .9rem; }
main { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1.25rem; letter-spacing: -.01em; }
h2 { font-size: 1.05rem; margin: 2.25rem 0 .75rem; }
p { margin: 0 0 1rem; }
.quiet { color: var(--quiet); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem 1.5rem; margin: 0 0 1rem; }
.card > :last-child { margin-bottom: 0; }
.notice { border-radius: 10px; padding: .75rem 1rem; margin: 0 0 1rem; background: var(--wait-ground); color: var(--wait); }
.notice.bad { background: var(--bad-ground); color: var(--bad); }
.notice.good { background: var(--good-ground); color: var(--good); }
dl { display: grid; grid-template-columns: 9rem 1fr; gap: .65rem 1.25rem; margin: 0 0 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
code, pre { font: .875rem/1.5 ui-monospace, SFMono-Regular, "Cascadia Mono", Menlo, Consolas, monospace; }
code { background: var(--code); border-radius: 5px; padding: .1rem .35rem; overflow-wrap: anywhere; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 8px; margin: 0; padding: .75rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.badge { display: inline-block; border-radius: 99px; padding: .05rem .65rem; font-size: .8125rem; font-weight: 600; background: var(--code); color: var(--quiet); white-space: nowrap; }
.badge.requested { background: var(--wait-ground); color: var(--wait); }
.badge.approved, .badge.consumed { background: var(--good-ground); color: var(--good); }
.badge.denied, .badge.revoked { background: var(--bad-ground); color: var(--bad); }
label { display: block; font-weight: 600; margin: 0 0 .35rem; }
input[type=text], select { width: 100%; font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: 8px; padding: .55rem .75rem; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1rem; }
button { font: inherit; font-weight: 600; border: 1px solid var(--line); border-radius: 8px; padding: .55rem 1.25rem; background: var(--card); color: var(--ink); cursor: pointer; }
button.approve { background: var(--good); border-color: var(--good); color: var(--card); }
button.deny { color: var(--bad); border-color: var(--bad); }
button.small { padding: .25rem .75rem; font-size: .875rem; font-weight: 500; }
button:focus-visible, a:focus-visible, input:focus-visible, select:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul.grants { list-style: none; margin: 0; padding: 0; }
ul.grants li { background: var(--card); border: 1px solid var(--line); border-bottom-width: 0; }
ul.grants li:first-child { border-radius: 12px 12px 0 0; }
ul.grants li:last-child { border-bottom-width: 1px; border-radius: 0 0 12px 12px; }
ul.grants li:only-child { border-radius: 12px; }
ul.grants a { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; padding: .85rem 1.25rem; color: inherit; text-decoration: none; }
ul.grants a:hover .what { text-decoration: underline; }
ul.grants .what { font-weight: 600; overflow-wrap: anywhere; }
ul.grants .why { color: var(--quiet); grid-column: 1 / -1; overflow-wrap: anywhere; }
.row { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: .1rem; } dd { margin-bottom: .6rem; } .row { grid-template-columns: 1fr; } .top { padding: .75rem 1rem; } }
`;
