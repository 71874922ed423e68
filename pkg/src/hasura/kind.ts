// Which kinds of operations a document holds; loaded when it matters whether a request may run twice.

/** Comments, texts, names, brackets, and the marks after which a name is no keyword. */
const token = /#[^\n\r]*|"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n\r])*"|[_A-Za-z]\w*|[{}()[\]@$:&|!=]/g

/** Whether whatever is executed of a document only reads. Where nobody can tell (a document that only the server knows), no. */
export const reads = (query: unknown): boolean => {
  if (typeof query !== 'string') return false
  let depth = 0
  let inside = false
  let some = false
  for (const [word] of query.matchAll(token)) {
    if (/^[#"]/.test(word)) continue
    if (/[{([]/.test(word)) {
      // Braces with nothing before them are a query.
      if (!depth++ && !inside) some = inside = true
    } else if (/[\])}]/.test(word)) {
      if (!--depth && word === '}') inside = false
    } else if (!depth && !inside) {
      if (word === 'query') some = true
      else if (word !== 'fragment') return false
      inside = true
    }
  }
  return some
}
