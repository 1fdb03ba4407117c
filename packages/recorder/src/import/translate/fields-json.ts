/** The fields of an event as printed, as JSON text: by name where they have names, else as one text. */
export function fieldsJson(text: string): string {
  const place = /^\([^)]*\) ?/.exec(text)?.[0]
  if (place === undefined) return JSON.stringify(text === '' ? {} : { text })
  const fields: [string, string][] = []
  for (const part of text.slice(place.length).split(' ')) {
    const equals = part.indexOf('=')
    if (part === '') continue
    if (equals <= 0) return JSON.stringify({ text })
    fields.push([part.slice(0, equals), part.slice(equals + 1)])
  }
  return JSON.stringify(Object.fromEntries(fields))
}
