// Hip coordinates: the head's centre is the origin, its radius the unit; phi is 0 towards cranial, positive towards lateral.

export function toImage(frame, r, phiDeg) {
  const phi = (phiDeg * Math.PI) / 180;
  const turn = (frame.cranial_deg * Math.PI) / 180;
  const cranial = r * frame.radius * Math.cos(phi);
  const lateral = r * frame.radius * Math.sin(phi) * frame.lateral;
  return {
    x: frame.x + cranial * Math.sin(turn) + lateral * Math.cos(turn),
    y: frame.y - cranial * Math.cos(turn) + lateral * Math.sin(turn),
  };
}

export function rimPhi(frame) {
  const right = frame.rim_x - frame.x;
  const down = frame.rim_y - frame.y;
  const turn = (frame.cranial_deg * Math.PI) / 180;
  const cranial = -down * Math.cos(turn) + right * Math.sin(turn);
  const lateral = (right * Math.cos(turn) + down * Math.sin(turn)) * frame.lateral;
  return (Math.atan2(lateral, cranial) * 180) / Math.PI;
}
