/** Styles as text, for what is fetched when it is opened. */
declare module "*.css" {
  const css: string;
  export default css;
}
