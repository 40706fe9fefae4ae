/** What the command line starts of the server, and what tests do. */
export { checkExpiry, keepCertificate, readCertificate } from "./certificate.ts";
export type { ServerCertificate } from "./certificate.ts";
