/** Grants over HTTP: an API for programs, pages for people. Requests in, responses out. */
export { createGrantSite, type GrantSiteOptions, type SignIn, type SignInProvider, type SiteAnswer } from './site';
export { type SiteSeal } from './session';
export { createSignInLinks, type SignInLinks } from './sign-in-links';
