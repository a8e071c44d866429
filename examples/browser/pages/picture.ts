/** A picture that moves. */
export function drawPicture(context: CanvasRenderingContext2D, seconds: number): void {
  const { width, height } = context.canvas;
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, '#16324f');
  sky.addColorStop(1, '#3f6d8f');
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#ff9b54';
  context.beginPath();
  context.arc(width * (0.5 + 0.36 * Math.cos(seconds / 2)), height * (0.42 - 0.2 * Math.sin(seconds / 2)), 34, 0, 7);
  context.fill();
  for (const [layer, color] of ['#1f4d5c', '#17393f', '#0f2629'].entries()) {
    context.fillStyle = color;
    context.beginPath();
    context.moveTo(0, height);
    for (let x = 0; x <= width; x += 8) {
      const phase = x / (150 - layer * 30) + seconds * (0.3 + layer * 0.35) + layer * 2;
      context.lineTo(x, height * (0.62 + layer * 0.12) + Math.sin(phase) * 22 + Math.sin(phase * 2.3) * 7);
    }
    context.lineTo(width, height);
    context.fill();
  }
  context.fillStyle = '#fffc';
  context.font = '600 20px system-ui, sans-serif';
  context.fillText(`${seconds.toFixed(1)} s`, 20, 34);
}
