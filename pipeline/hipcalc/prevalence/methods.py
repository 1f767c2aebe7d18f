"""The paragraph of a paper's methods that says what was done, with versions and numbers."""

from typing import Any

import pandas as pd

from hipcalc.prevalence.estimating import Validation

__all__ = ["methods_paragraph"]


def methods_paragraph(
    run: dict[str, Any], table: pd.DataFrame, validation: Validation | None, *, participants: bool
) -> str:
    """Return the paragraph.

    Parameters
    ----------
    run : dict
        What ``run.json`` holds.
    table : DataFrame
        Of estimates; its first row is that of all hips.
    validation : Validation or None
    participants : bool
        Whether it is known whose each image is.
    """
    counts, settings, whole = run["counts"], run["settings"], table.iloc[0]
    sentences = [
        f"Radiographs were screened for small dense foci near the acetabular rim with hipcalc {run['version']} "
        f"(models {', '.join(run['models'])}; settings {run['settings_hash']}), at an operating point of "
        f"{settings['false_marks_per_hip']:g} expected false marks per hip without a focus.",
        f"Of {counts['inputs']} files, {counts['ok']} were analysed, {counts['rejected']} were rejected and "
        f"{counts['failed']} could not be read or analysed.",
        f"{whole['hips']} hips of {whole['people']} people were searched (femoral head located, or with doubt); "
        f"hips with an implant ({counts.get('implant', 0)}) and hips that were not found ({counts.get('absent', 0)}) "
        "were left out.",
        "A hip counts as positive with at least one mark that no reader rejected, and counts once however many "
        "radiographs show it.",
        "Crude prevalences are given with exact 95% intervals (Clopper-Pearson) at the effective sample size (Korn and "
        "Graubard 1998), with the linearised design effect of hips within people, not below 1.",
    ]
    if validation is not None:
        sentences.append(
            f"They were adjusted (Rogan and Gladen 1978) for a sensitivity of {validation.sensitivity:.3f} "
            f"({validation.true_positives}/{validation.with_focus} hips) and a specificity of "
            f"{validation.specificity:.3f} ({validation.true_negatives}/{validation.without_focus} hips); 95% "
            "intervals are percentiles of 4000 bootstrap samples of people, with sensitivity and specificity drawn "
            "from their Jeffreys distributions, as is the share of a group whose hips are all positive or all "
            "negative. Marks at the rim alone were not adjusted, because both figures are those of the search as a "
            "whole."
        )
    else:
        sentences.append("They were not adjusted for the sensitivity and specificity of the search.")
    if not participants:
        sentences.append("It was not known which radiographs are of one person: each was taken for another person.")
    sentences.append("hipcalc is research software, not a medical device.")
    return " ".join(sentences)
