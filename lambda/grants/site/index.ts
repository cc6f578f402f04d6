/** Grants over HTTP: an API for programs, pages for people. Requests in, responses out. */
export { createGrantSite, type GrantSiteOptions, type SignIn, type SignInProvider, type SiteAnswer } from './site';
export { createOidcSignIn, type OidcSignInOptions } from './oidc-sign-in';
export { type SiteSeal } from './session';
export { createSignInLinks, type SignInLinks } from './sign-in-links';
