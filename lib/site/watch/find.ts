/** Finds an element of page.html. The page and this code are built together, so the element always exists. */
export function find<T extends Element>(selector: string, type: new () => T): T {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`page.html has no ${type.name} ${selector}`);
  return element;
}
