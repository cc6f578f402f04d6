import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const JAPANESE: Vocabulary = orders('japanese', {
  ignore: '無視 忘れ 無効 従わない',
  previous: '以前の 前の これまで 上記 すべて 全て 過去の',
  instruction: '指示 命令 ルール 規則 プロンプト 指令 制約',
  never: 'ないで しないで なく てはいけ てはなら 禁止 ません ずに ない',
  tell: '伝え 言わ 言及 知らせ 通知 明かさ 話さ 教え 開示 表示 明らか 触れ',
  user: 'ユーザー ユーザ 利用者 使用者',
  before: '前に まず 先に',
  tool: 'ツール 関数',
  anyOther: '他のツール 他のすべて すべてのツール 他の全て あらゆるツール どのツール',
  read: '読み 読ん 読む 読取 開い 開き 取得 アクセス',
  include: '渡し 含め 追加 付け 入れ 添付 コピー',
  send: '送信 送って 送り 転送 アップロード',
  all: 'すべて 全て 全 各 コピー データ メッセージ 内容 結果',
  conversation: '会話 会話履歴 チャット履歴 履歴 対話 システムプロンプト',
  secret: 'パスワード 認証情報 秘密鍵 鍵 トークン 機密',
  must: '必ず 常に 必要 てください 呼び出',
  first: '最初に まず 先に',
  quiet: '密かに こっそり 秘密裏 気づかれ 黙って',
  content: '内容 ファイル',
});
