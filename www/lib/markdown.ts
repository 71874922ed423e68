// The little of Markdown that www/docs uses, as a tree for React to draw: no HTML passes through it.

export type Inline = { kind: 'text' | 'code' | 'strong'; text: string } | { kind: 'link'; text: string; href: string }
export type Block =
  | { kind: 'heading'; level: 1 | 2; id: string; text: Inline[] }
  | { kind: 'paragraph'; text: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] }
  | { kind: 'code'; text: string }
  | { kind: 'table'; head: Inline[][]; rows: Inline[][][] }

export function parse(source: string): Block[] {
  const lines = source.split('\n')
  const blocks: Block[] = []
  let i = 0
  /** The lines from here on for which `more` holds. */
  const take = (more: (line: string) => boolean) => {
    const from = i
    while (i < lines.length && more(lines[i] ?? '')) i++
    return lines.slice(from, i)
  }
  while (i < lines.length) {
    const line = lines[i] ?? ''
    if (!line.trim()) i++
    else if (line.startsWith('```')) {
      i++
      blocks.push({ kind: 'code', text: take((l) => !l.startsWith('```')).join('\n') })
      i++
    } else if (/^#{1,2} /.test(line)) {
      i++
      const level = line.startsWith('## ') ? 2 : 1
      const title = line.slice(level + 1)
      blocks.push({ kind: 'heading', level, id: slug(title), text: inline(title) })
    } else if (line.startsWith('|')) {
      const [head, , ...rows] = take((l) => l.startsWith('|')).map(cells)
      blocks.push({ kind: 'table', head: head ?? [], rows })
    } else if (ITEM.test(line)) {
      const items: string[] = []
      for (const l of take((next) => ITEM.test(next) || /^ +\S/.test(next))) {
        if (ITEM.test(l)) items.push(l.replace(ITEM, ''))
        else items.push(`${items.pop() ?? ''} ${l.trim()}`)
      }
      blocks.push({ kind: 'list', ordered: /^\d/.test(line), items: items.map(inline) })
    } else {
      blocks.push({ kind: 'paragraph', text: inline(take((l) => !!l.trim() && !/^(```|#{1,2} |\|)/.test(l) && !ITEM.test(l)).join(' ')) })
    }
  }
  return blocks
}

/** As GitHub makes it, so that a link to a heading holds in both places. */
const slug = (title: string) => title.toLowerCase().replace(/[^\w\s-]/g, '').trim().replace(/\s/g, '-')

const ITEM = /^(?:[-*]|\d+\.) /
const SPAN = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g

function inline(text: string): Inline[] {
  const parts: Inline[] = []
  let from = 0
  for (const found of text.matchAll(SPAN)) {
    if (found.index > from) parts.push({ kind: 'text', text: text.slice(from, found.index) })
    const [all, code, strong, label, href] = found
    if (code !== undefined) parts.push({ kind: 'code', text: code })
    else if (strong !== undefined) parts.push({ kind: 'strong', text: strong })
    else parts.push({ kind: 'link', text: label ?? '', href: href ?? '' })
    from = found.index + all.length
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) })
  return parts
}

/** A bar inside a code span does not end the cell when it is written `\|`. */
const cells = (line: string) => line.replace(/^\||\|\s*$/g, '').split(/(?<!\\)\|/).map((cell) => inline(cell.trim().replaceAll('\\|', '|')))
