import { Box, type DOMElement, measureElement, Text } from 'ink'
import { memo, type ReactNode, useLayoutEffect, useRef } from 'react'
import type { PlaceName, Places } from '../model/places.ts'
import { cut, fit } from '../text/fit.ts'
import { width } from '../text/width.ts'
import type { Theme } from '../text/theme.ts'

/** What every part of the screen is drawn with. */
export interface Drawing {
  readonly theme: Theme
  readonly places: Places
}

/** A pane, and what stands in it: one string a row, the cheapest thing that Ink can be given. */
export interface PaneView {
  readonly name: PlaceName
  readonly title: string
  /** In the lower border, at the right. */
  readonly foot?: string
  /** A heavy border: the keys work here. It shows by its weight, without colour. */
  readonly focused?: boolean
  readonly columns: number
  /** With the borders. */
  readonly height: number
  /** Above the rows, and not one of them. */
  readonly head?: readonly string[]
  readonly rows: readonly string[]
}

/** A part of a bar; one with a name can be pointed at. */
export interface Segment {
  readonly text: string
  readonly name?: PlaceName
  readonly index?: number
}

/** A line of the screen. */
export const Line = memo(({ text, theme }: { readonly text: string; readonly theme: Theme }) => (
  <Text wrap="truncate">{theme.draw(text === '' ? ' ' : text)}</Text>
))

export const Lines = ({ of, theme }: { readonly of: readonly string[]; readonly theme: Theme }) =>
  of.map((text, i) => (
    // oxlint-disable-next-line no-array-index-key -- a line is its position on the screen
    <Line key={i} text={text} theme={theme} />
  ))

interface PlaceProps {
  readonly name: PlaceName
  readonly index?: number
  readonly places: Places
  readonly grows?: boolean
  readonly children: ReactNode
}

/** A part of the screen whose place is known once it is laid out: the mouse finds it there. */
export function Place({ name, index = 0, places, grows = false, children }: PlaceProps) {
  const box = useRef<DOMElement>(null)
  useLayoutEffect(() => {
    if (box.current) places.set({ name, index, ...measureElement(box.current) })
  })
  useLayoutEffect(() => () => places.drop(name, index), [places, name, index])
  return (
    <Box ref={box} flexDirection="column" flexShrink={0} flexGrow={grows ? 1 : 0}>
      {children}
    </Box>
  )
}

/** Rows in a border with a title. */
export function Pane({ of: pane, theme, places }: Drawing & { readonly of: PaneView }) {
  const { name, columns, height, title, foot = '', focused = false, head = [], rows } = pane
  const room = columns - 6
  const shown = Math.max(0, height - 2 - head.length)
  const below = foot === '' ? '' : ` ${cut(foot, room)} `
  const style = theme.ascii ? 'classic' : focused ? 'bold' : 'single'
  return (
    <Box width={columns} height={height} flexShrink={0}>
      <Box
        width={columns}
        height={height}
        borderStyle={style}
        borderDimColor={!focused}
        flexDirection="column"
        overflow="hidden"
      >
        <Lines of={head} theme={theme} />
        <Place name={name} places={places} grows>
          <Lines of={rows.slice(0, shown)} theme={theme} />
        </Place>
      </Box>
      {title !== '' && (
        <Box position="absolute" top={0} left={2}>
          <Line text={theme.bold(` ${cut(title, room)} `)} theme={theme} />
        </Box>
      )}
      {below !== '' && (
        <Box position="absolute" top={height - 1} left={columns - 2 - width(below)}>
          <Line text={theme.dim(below)} theme={theme} />
        </Box>
      )}
    </Box>
  )
}

/** A pane over the screen; every cell of it is filled, so that nothing shines through. */
export const Overlay = ({
  of,
  top,
  left,
  ...drawing
}: Drawing & { readonly of: PaneView; readonly top: number; readonly left: number }) => {
  const inner = of.columns - 2
  const rows = Array.from({ length: of.height - 2 }, (_, i) => fit(of.rows[i] ?? '', inner))
  return (
    <Box position="absolute" top={top} left={left}>
      <Pane of={{ ...of, rows }} {...drawing} />
    </Box>
  )
}

interface BarProps extends Drawing {
  readonly left: readonly Segment[]
  /** At the end of the line; the left part gives way to it. */
  readonly right?: string
  readonly columns: number
}

/** One line of parts; what does not fit ends in `…`. */
export function Bar({ left, right = '', columns, theme, places }: BarProps) {
  const end = width(right) + 4 > columns ? '' : right
  let room = columns - width(end)
  const parts = left.flatMap((part): Segment[] => {
    if (room <= 0) return []
    const w = Math.min(room, width(part.text))
    room -= w
    return [{ ...part, text: fit(part.text, w) }]
  })
  return (
    <Box width={columns} height={1} flexShrink={0}>
      {parts.map(({ text, name, index = 0 }, i) => {
        const line = <Line text={text} theme={theme} />
        return name ? (
          <Place key={`${name} ${index}`} name={name} index={index} places={places}>
            {line}
          </Place>
        ) : (
          // oxlint-disable-next-line no-array-index-key -- a part is its position in the bar
          <Box key={i} flexShrink={0}>
            {line}
          </Box>
        )
      })}
      {end !== '' && (
        <Box position="absolute" top={0} left={columns - width(end)}>
          <Line text={end} theme={theme} />
        </Box>
      )}
    </Box>
  )
}
