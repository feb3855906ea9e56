/* A button at each command that copies it; only where the browser lets a page write to the clipboard. */
if (navigator.clipboard) {
  for (const command of document.querySelectorAll('.steps pre')) addButton(command)
}

function addButton(command) {
  const text = command.textContent
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(`${text}\n`)
    button.textContent = 'Copied'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 2000)
  })
  const frame = document.createElement('div')
  frame.className = 'command'
  command.replaceWith(frame)
  frame.append(command, button)
}
