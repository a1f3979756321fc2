"""From a trained network to the folder that ``faster_whisper.WhisperModel(folder)`` loads.

transformers' checkpoint and tokenizer first, then CTranslate2's own converter to int8.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import torch

from models.train.network import POSITIONS, Network, Size
from models.train.reading import TAUGHT_HEADS
from models.train.tokens import SPECIAL, number, tokens


def export(network: Network, folder: Path, *, quantization: str = "int8") -> None:
    """Writes model.bin, config.json, vocabulary.json, tokenizer.json, preprocessor_config.json."""
    from ctranslate2.converters import TransformersConverter

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _checkpoint(network, Path(scratch))
        converter = TransformersConverter(
            scratch, copy_files=["tokenizer.json", "preprocessor_config.json"], load_as_float16=False
        )
        converter.convert(str(folder), quantization=quantization, force=True)
    names = list(tokens())
    (folder / "vocabulary.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")


def _checkpoint(network: Network, folder: Path) -> None:
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    size = network.size
    special = {
        "bos_token_id": number("<|endoftext|>"), "eos_token_id": number("<|endoftext|>"),
        "pad_token_id": number("<|endoftext|>"), "decoder_start_token_id": number("<|startoftranscript|>"),
    }  # fmt: skip
    config = WhisperConfig(
        vocab_size=size.vocabulary, num_mel_bins=size.mels, d_model=size.width,
        encoder_layers=size.encoder_layers, encoder_attention_heads=size.heads, encoder_ffn_dim=4 * size.width,
        decoder_layers=size.decoder_layers, decoder_attention_heads=size.heads, decoder_ffn_dim=4 * size.width,
        max_source_positions=POSITIONS, max_target_positions=size.text_positions, **special,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    state = {
        ("model." + name.removeprefix("model.")): value
        for name, value in network.state_dict().items() if name.startswith("model.")
    }  # fmt: skip
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or set(missing) - {"proj_out.weight"}:
        raise ValueError(
            f"state dict: expected transformers' Whisper names, found {unexpected}, lacks {missing}"
        )
    model.tie_weights()
    heads = [[size.decoder_layers - 1, head] for head in range(TAUGHT_HEADS)]
    model.generation_config = GenerationConfig(
        **special, suppress_tokens=[number("<unk>")], begin_suppress_tokens=[number("<unk>")],
        alignment_heads=heads, is_multilingual=True, no_timestamps_token_id=number("<|notimestamps|>"),
        lang_to_id={t: number(t) for t in ("<|en|>", "<|zh|>", "<|yue|>")},
        task_to_id={"transcribe": number("<|transcribe|>"), "translate": number("<|translate|>")},
    )  # fmt: skip
    model.save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"feature_size": size.mels, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}),  # noqa: E501
        encoding="utf-8",
    )  # fmt: skip


def _tokenizer() -> object:
    """Characters as tokens; text of other characters becomes <unk>, decoding joins without spaces."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({t: i for i, t in enumerate(tokens())}, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    inner.decoder = decoders.Fuse()
    inner.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    return PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="<unk>", eos_token="<|endoftext|>")


def save_network(network: Network, path: Path) -> None:
    """A checkpoint in half precision: what int8 makes of it in the end is the same."""
    state = {name: value.half().cpu() for name, value in network.state_dict().items()}
    temporary = path.with_suffix(".writing")
    torch.save({"size": network.size.as_dict(), "state": state}, temporary)
    temporary.rename(path)


def load_network(path: Path, network: Network) -> None:
    """Weights of a checkpoint into ``network``."""
    network.load_state_dict(torch.load(path, weights_only=True)["state"])


def network_of(path: Path) -> Network:
    """The network a checkpoint is of, on the processor."""
    held = torch.load(path, weights_only=True)
    network = Network(Size(**held["size"]), sounds=len(held["state"]["sound_head.weight"]))
    network.load_state_dict(held["state"])
    return network
