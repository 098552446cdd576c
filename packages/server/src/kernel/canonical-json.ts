export { canonicalJson } from '@hagane/contract'
