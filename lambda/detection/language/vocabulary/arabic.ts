import type { Vocabulary } from '../lexicon';
import { orders } from './orders';

export const ARABIC: Vocabulary = orders('arabic', {
  ignore: 'تجاهل انس تجاهلي',
  previous: 'السابقة جميع كل',
  instruction: 'التعليمات الأوامر القواعد',
  never: 'لا دون بدون',
  tell: 'تخبر تذكر تكشف تعلم تبلغ تظهر',
  user: 'المستخدم للمستخدم',
  before: 'قبل',
  tool: 'الأداة أداة الأدوات',
  anyOther: 'أي_أداة_أخرى جميع_الأدوات',
  read: 'اقرأ افتح اقرا',
  include: 'مرر أدرج ضع أضف',
  send: 'أرسل ارسل حول',
  all: 'كل جميع نسخة البيانات الرسائل محتوى محتواه',
  conversation: 'المحادثة سجل_المحادثة',
  secret: 'كلمة_المرور المفتاح كلمات_المرور',
  must: 'يجب دائما',
  first: 'أولا',
  quiet: 'سرا بصمت',
  content: 'محتوى محتواه ملف',
});
