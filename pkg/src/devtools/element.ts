/** An element with attributes and children. Texts become text nodes, whatever is in them. */
export const el = <K extends keyof HTMLElementTagNameMap>(name: K, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[K] => {
  const element = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  element.append(...children)
  return element
}

/** Sets a text only where it differs: a selection in it, and a screen reader, are left in peace. */
export const write = (node: Element, text: string): void => {
  if (node.textContent !== text) node.textContent = text
}
