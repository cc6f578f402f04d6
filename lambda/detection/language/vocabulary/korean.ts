import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const KOREAN: Vocabulary = orders('korean', {
  ignore: '무시하고 무시하세요 무시해 무시하십시오 잊어버리고 무시',
  previous: '이전 이전의 모든 앞의 위의 기존',
  instruction: '지시 지시를 지시사항을 지시사항 명령 명령을 규칙 규칙을 지침을 지침',
  never: '말고 마세요 마십시오 절대 않도록 않고 말 않습니다',
  tell: '말하지 알리지 언급하지 공개하지 보여주지 밝히지 알려주지',
  user: '사용자 사용자에게 사용자가 사용자의 유저에게',
  before: '전에 먼저 앞서',
  tool: '도구 도구를 도구보다 도구의 툴을 함수를',
  anyOther: '다른_도구 다른_도구보다 다른_모든 모든_도구',
  read: '읽고 읽어 읽으세요 읽은 열어 열고 가져와 접근하여',
  include: '전달하세요 전달 포함하세요 포함 추가하세요 첨부 넣으세요 전달하십시오',
  send: '보내세요 전송하세요 전송 업로드 전달하세요 보내 전송하십시오',
  all: '모든 전체 복사본을 데이터를 메시지를 내용을 각',
  conversation: '대화 대화를 대화_내용을 대화_기록을 대화_내역을',
  secret: '비밀번호 비밀번호를 자격_증명 개인_키 키를 토큰을',
  must: '반드시 항상 꼭',
  first: '먼저',
  quiet: '몰래 비밀리에 조용히 은밀히',
  content: '내용을 내용 파일을 파일',
});
