'use strict';
(() => {
  const steps = JSON.parse(document.getElementById('steps').textContent);
  const plots = [...document.querySelectorAll('svg.plot')];
  const cursors = plots.map((plot) => plot.querySelector('.cursor'));
  const LEFT = 86, RIGHT = 1140, WIDTH = 1200;
  const box = document.createElement('pre');
  box.className = 'readout';
  document.body.append(box);
  const price = (ticks) => (ticks === null || ticks === undefined ? '-' : (ticks / 10 ** steps.precision).toFixed(steps.precision));
  const state = (lane, step) => (lane.find(([to]) => step < to) || [0, '-'])[1];
  const text = (step) => {
    const ms = step * steps.step_ms;
    const time = steps.start_ms === null ? `+${(ms / 1000).toFixed(3)} s` : new Date(steps.start_ms + ms).toISOString().slice(11, 23);
    const [bid, ask, us] = [steps.bid[step], steps.ask[step], steps.delay_us[step]];
    const count = steps.messages[Math.floor(ms / steps.rate_step_ms)] || 0;
    const lines = [
      time,
      `bid / ask  ${price(bid)} / ${price(ask)}`,
      `book       ${state(steps.book, step)}`,
      `quote      ${state(steps.quote, step)}`,
      `messages   ${((count * 1000) / steps.rate_step_ms).toFixed(1)} a second`,
    ];
    const told = steps.told.find(([at]) => Math.abs(at - step) < 3);
    if (told) lines.push(`told       ${told[1]}`);
    if (us !== null && us !== undefined) lines.push(`delay      ${(us / 1000).toFixed(3)} ms (median)`);
    return lines.join('\n');
  };
  const hide = () => {
    box.style.display = 'none';
    cursors.forEach((cursor) => cursor.classList.remove('on'));
  };
  const show = (plot, event) => {
    const area = plot.getBoundingClientRect();
    const x = ((event.clientX - area.left) / area.width) * WIDTH;
    const step = Math.floor(((x - LEFT) / (RIGHT - LEFT)) * steps.steps);
    if (step < 0 || step >= steps.steps) return hide();
    cursors.forEach((cursor) => {
      cursor.classList.add('on');
      cursor.setAttribute('transform', `translate(${x} 0)`);
    });
    box.textContent = text(step);
    box.style.display = 'block';
    const left = event.clientX + 16;
    const flipped = left + box.offsetWidth > window.innerWidth ? event.clientX - 16 - box.offsetWidth : left;
    box.style.left = `${flipped}px`;
    box.style.top = `${Math.min(event.clientY + 16, window.innerHeight - box.offsetHeight)}px`;
  };
  plots.forEach((plot) => {
    plot.addEventListener('mousemove', (event) => show(plot, event));
    plot.addEventListener('mouseleave', hide);
  });
})();
