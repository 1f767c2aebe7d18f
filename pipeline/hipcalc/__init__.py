"""hipcalc: small calcifications near the acetabular rim on hip radiographs."""
