"""How far readers agree with each other, and the detector with them."""

from hipcalc.agreement.kappa import Kappa, kappa_of
from hipcalc.agreement.reporting import AgreementResult, report_agreement

__all__ = ["AgreementResult", "Kappa", "kappa_of", "report_agreement"]
