import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const SPANISH: Vocabulary = orders('spanish', {
  ignore: 'ignora ignore ignorad ignorar olvida olvide olvidar descarta omite desobedece haz_caso_omiso anula',
  previous: 'anterior anteriores previa previas previo previos todas todos',
  instruction: 'instrucciones instruccion reglas ordenes directrices indicaciones',
  never: 'no nunca jamas sin',
  tell: 'digas diga menciones mencione mencionar informes informe informar reveles revele revelar avises avise cuentes cuente muestres decir avisar notificar notifiques mostrar contar',
  user: 'usuario usuarios usuaria cliente persona',
  before: 'antes_de antes_que antes',
  tool: 'herramienta herramientas funcion',
  anyOther: 'cualquier_otra cualquiera demas_herramientas otras_herramientas todas_las_demas otra_herramienta cualquier_herramienta',
  read: 'lee leer lea abre abrir accede acceder obten recupera carga consulta',
  include: 'incluye incluir incluya pasa pasar pase anade agrega adjunta pon copia',
  send: 'envia enviar envie manda mandar reenvia reenviar transmite sube subir remite',
  all: 'todo todos todas todos_los todas_las cada copia datos mensajes contenido resultados',
  conversation: 'conversacion historial historial_de_la_conversacion chat mensajes_anteriores prompt_del_sistema',
  secret: 'contrasena contrasenas credenciales clave_privada claves claves_privadas secretos token tokens clave_api claves_api',
  must: 'debes debe siempre obligatorio tienes_que hay_que llama usa ejecuta',
  first: 'primero primera antes',
  quiet: 'en_secreto secretamente silenciosamente sin_que_el_usuario a_escondidas discretamente',
  content: 'contenido contenidos archivo fichero',
});
