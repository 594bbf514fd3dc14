// Tells the day under the pointer. Part of the report, not a task.
for (const strip of document.querySelectorAll('.strip svg')) {
  const highs = strip.dataset.highs.split(' ');
  const said = strip.closest('figure').querySelector('output');
  strip.addEventListener('pointermove', (event) => {
    const { left, width } = strip.getBoundingClientRect();
    const day = Math.floor(((event.clientX - left) / width) * highs.length);
    if (highs[day] === undefined) return;
    const date = new Date(Date.UTC(Number(strip.dataset.year), 0, 1 + day));
    const text = date.toLocaleDateString('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
    said.textContent = `${text}: ${highs[day]} °C`;
  });
  strip.addEventListener('pointerleave', () => {
    said.textContent = '';
  });
}
