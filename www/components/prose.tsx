import Link from 'next/link'
import type { Block, Inline } from '@/lib/markdown'

export function Prose({ blocks }: { blocks: Block[] }) {
  return <article className="prose">{blocks.map((block, i) => <One key={i} block={block} />)}</article>
}

function One({ block }: { block: Block }) {
  switch (block.kind) {
    case 'heading': return block.level === 1 ? <h1><Words text={block.text} /></h1> : <h2 id={block.id}><Words text={block.text} /></h2>
    case 'paragraph': return <p><Words text={block.text} /></p>
    case 'code': return <pre tabIndex={0}><code>{block.text}</code></pre>
    case 'list': {
      const items = block.items.map((item, i) => <li key={i}><Words text={item} /></li>)
      return block.ordered ? <ol>{items}</ol> : <ul>{items}</ul>
    }
    case 'table': return (
      <div className="scroll" tabIndex={0} role="region" aria-label="Table">
        <table>
          <thead><tr>{block.head.map((cell, i) => <th key={i} scope="col"><Words text={cell} /></th>)}</tr></thead>
          <tbody>{block.rows.map((row, i) => <tr key={i}>{row.map((cell, j) => <td key={j}><Words text={cell} /></td>)}</tr>)}</tbody>
        </table>
      </div>
    )
  }
}

function Words({ text }: { text: Inline[] }) {
  return text.map((part, i) => {
    switch (part.kind) {
      case 'code': return <code key={i}>{part.text}</code>
      case 'strong': return <strong key={i}>{part.text}</strong>
      case 'link': return part.href.startsWith('/') ? <Link key={i} href={part.href}>{part.text}</Link> : <a key={i} href={part.href}>{part.text}</a>
      default: return part.text
    }
  })
}
