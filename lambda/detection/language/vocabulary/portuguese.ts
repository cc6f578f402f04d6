import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const PORTUGUESE: Vocabulary = orders('portuguese', {
  ignore: 'ignore ignora ignorar esqueca desconsidere descarte',
  previous: 'anteriores anterior previas todas todos',
  instruction: 'instrucoes instrucao regras ordens diretrizes',
  never: 'nao nunca jamais sem',
  tell: 'diga conte mencione mencionar informe informar revele revelar avise avisar mostre mostrar contar dizer fale',
  user: 'usuario usuarios utilizador cliente',
  before: 'antes antes_de',
  tool: 'ferramenta ferramentas funcao',
  anyOther: 'qualquer_outra todas_as_outras outras_ferramentas qualquer_ferramenta',
  read: 'leia ler abra abrir acesse acessar obtenha recupere carregue',
  include: 'inclua incluir passe passar adicione anexe coloque ponha copie',
  send: 'envie enviar mande encaminhe encaminhar transmita carregue',
  all: 'tudo todos todas cada copia dados mensagens conteudo resultados',
  conversation: 'conversa historico historico_da_conversa mensagens_anteriores prompt_do_sistema',
  secret: 'senha senhas credenciais chave_privada chaves segredos token tokens chave_de_api',
  must: 'deve sempre obrigatorio use chame execute',
  first: 'primeiro antes',
  quiet: 'em_segredo secretamente silenciosamente discretamente sem_que_o_usuario',
  content: 'conteudo arquivo ficheiro',
});
