"""A whole export as a user meets it: what is written, proven and reported, and what is refused."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from acoustic import application, cli
from acoustic.errors import AcousticError, BundleError, ExportError, MissingExtraError, ModelError, ParameterError
from acoustic.export import compilers, exporting, npu, parity, proof
from acoustic.export.content import load_content
from acoustic.export.folder import REPORT
from acoustic.export.projects import project_files
from acoustic.export.qemu import emulator
from acoustic.export.qemu.boards import BOARDS
from acoustic.export.report import Gates
from acoustic.model.bundle import Bundle
from acoustic.model.kernels import BUILDERS

NETWORKS = Path(__file__).parent.parent / "model" / "models"
DENSE = NETWORKS / "dense.tflite"
STUBS = Path(__file__).parent / "stubs"
STRICT = ["-Wall", "-Wextra", "-Werror"]
HOST_TARGETS = {"tflite-micro", "host-c"}
runner = CliRunner()


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing")


@pytest.fixture
def bundle(whistle, tmp_path):
    """Path of a bundle of the smallest application, in a folder of its own."""
    path = tmp_path / "own.bundle"
    Bundle.load("whistle").save(path)
    return path


@pytest.fixture(scope="module")
def exported(whistle, tmp_path_factory):
    """Folder of an export that was proven on this machine only, and its report."""
    need("cc")
    folder = tmp_path_factory.mktemp("exported") / "firmware"
    return folder, export("whistle", folder)


@pytest.fixture(scope="module")
def firmware(whistle):
    """What the exports are made of."""
    return load_content("whistle").firmware


def export(source, folder, boards=(), **settings):
    return exporting.export(load_content(str(source)), folder, exporting.ExportSettings(boards=boards, **settings))


class TestWhatIsWritten:
    def test_a_library_for_every_kit(self, exported):
        folder, _ = exported
        for name in (
            *(
                "src/acoustic_whistle.h",
                "src/acoustic_whistle.c",
                "src/acoustic_whistle_network.c",
                "src/acoustic_nn.h",
            ),
            *("tflm/acoustic_whistle_network.tflite", "tflm/acoustic_whistle_network_tflite.c"),
            *("CMakeLists.txt", "Makefile", "library.properties", "library.json", "idf_component.yml"),
            *("zephyr/module.yml", "zephyr/CMakeLists.txt", "zephyr/Kconfig"),
            *("README.md", "API.md", "REPORT.md", "MODEL_CARD.md", "LICENSE"),
        ):
            assert (folder / name).stat().st_size > 0, name
        assert (folder / "tflm" / "acoustic_whistle_network.tflite").read_bytes() == Bundle.load("whistle").network

    def test_every_source_names_model_front_end_and_licence(self, exported):
        folder, report = exported
        for path in (folder / "src").iterdir():
            head = path.read_text(encoding="utf-8")[:400]
            assert "whistle 1.2.3" in head
            assert report.content.front_end in head
            assert "SPDX-License-Identifier: Apache-2.0" in head

    def test_no_template_word_is_left(self, exported):
        folder, _ = exported
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix not in (".tflite", ".json"):
                text = path.read_text(encoding="utf-8")
                assert not re.search("@[a-z_]+@", text), path

    def test_every_build_file_forbids_fused_multiply_add(self, exported):
        folder, _ = exported
        for name in ("CMakeLists.txt", "Makefile", "library.json", "zephyr/CMakeLists.txt", "examples/qemu/Makefile"):
            assert "-ffp-contract=off" in (folder / name).read_text(encoding="utf-8")

    def test_descriptions_parse(self, exported):
        folder, _ = exported
        library = json.loads((folder / "library.json").read_text(encoding="utf-8"))
        assert (library["name"], library["version"], library["headers"]) == (
            "acoustic_whistle",
            "1.2.3",
            "acoustic_whistle.h",
        )
        lines = (folder / "library.properties").read_text(encoding="utf-8").splitlines()
        properties = dict(line.split("=", 1) for line in lines)
        assert properties["includes"] == "acoustic_whistle.h"

    def test_reference_comes_from_the_comments(self, exported):
        text = (exported[0] / "API.md").read_text(encoding="utf-8")
        assert "Hears whistles." in text
        assert "## Functions" in text
        assert "Take n samples.\n\n```c\nvoid acoustic_whistle_push(" in text
        assert "#ifndef" not in text
        assert "SPDX" not in text


class TestProof:
    def test_every_stage_on_this_machine(self, exported, firmware):
        _, report = exported
        found = {(check.target, check.stage): check for check in report.proven}
        for target in ("host-c", "host-c-sanitized"):
            for stage, wanted in firmware.expected(firmware.example_pcm).items():
                assert len(wanted) > 0
                assert found[target, stage].bytes == len(wanted)
                assert found[target, stage].differing_bytes == 0
        assert {check.target for check in report.proven if check.stage == "acoustic_whistle_network"} >= {"host-c"}

    def test_record(self, exported):
        _, report = exported
        record = report.to_dict()
        assert record["proof"]
        assert all(set(entry) == {"target", "stage", "bytes", "differing_bytes"} for entry in record["proof"])
        assert record["model"]["application"] == "whistle"
        network = record["networks"]["acoustic_whistle_network"]
        assert network["arena_bytes"] > 0
        assert network["tflm"]["operators"] == {"FULLY_CONNECTED": 2, "TANH": 1, "LOGISTIC": 1}
        assert {"start", "size_bytes", "first", "last", "name"} == set(network["arena"][0])
        assert json.loads(json.dumps(record)) == record

    def test_a_wrong_byte_fails_and_leaves_nothing(self, whistle, bundle, tmp_path, monkeypatch):
        need("cc")

        def wrong_firmware(model):
            right = whistle.firmware(model)

            def expected(pcm):
                levels = bytearray(right.expected(pcm)["levels"])
                levels[7] ^= 1
                return right.expected(pcm) | {"levels": bytes(levels)}

            return replace(right, expected=expected)

        monkeypatch.setattr(application, "find", lambda name: replace(whistle, firmware=wrong_firmware))
        with pytest.raises(ExportError, match=r"host-c does not give Python's bytes: 1 of .* levels, .* at byte 7:"):
            export(bundle, tmp_path / "firmware")
        assert [path.name for path in tmp_path.iterdir()] == ["own.bundle"]

    def test_without_a_compiler_it_is_written_and_says_so(self, bundle, tmp_path, monkeypatch):
        monkeypatch.setattr(parity, "host_compiler", lambda: None)
        monkeypatch.setattr(proof, "host_compiler", lambda: None)
        monkeypatch.setattr(emulator.shutil, "which", lambda *_, **__: None)
        report = export(bundle, tmp_path / "firmware", [BOARDS["cortex-m4"]])
        unproven = {entry.target: entry.note for entry in report.unproven if entry.stage == "chain"}
        assert "there is no C compiler" in unproven["host-c"]
        assert "arm-none-eabi-gcc is not installed" in unproven["cortex-m4"]
        assert "arm-none-eabi-gcc is not installed" in (tmp_path / "firmware" / "REPORT.md").read_text("utf-8")

    def test_blocks_make_up_the_signal(self):
        for n in (0, 1, 2, 480, 12_345):
            assert sum(parity.varied_blocks(n)) == n
            assert all(size > 0 for size in parity.varied_blocks(n))


class TestProjects:
    def test_make(self, exported, tmp_path):
        need("make", "cc", "ar")
        folder = shutil.copytree(exported[0], tmp_path / "copy")
        subprocess.run(["make", f"CPU={' '.join(STRICT)}"], cwd=folder, check=True, capture_output=True)
        assert (folder / "build" / "libacoustic_whistle.a").stat().st_size > 1000

    def test_make_for_a_board(self, exported, tmp_path):
        need("make", "arm-none-eabi-gcc")
        folder = shutil.copytree(exported[0], tmp_path / "copy")
        tools = ["CC=arm-none-eabi-gcc", "AR=arm-none-eabi-ar", "CPU=-mcpu=cortex-m4 -mthumb"]
        subprocess.run(["make", *tools], cwd=folder, check=True, capture_output=True)
        assert (folder / "build" / "libacoustic_whistle.a").is_file()

    def test_cmake(self, exported, tmp_path):
        need("cmake", "make", "cc")
        commands = [["cmake", "-S", str(exported[0]), "-B", str(tmp_path)], ["cmake", "--build", str(tmp_path)]]
        for command in commands:
            subprocess.run(command, check=True, capture_output=True)
        assert (tmp_path / "libacoustic_whistle.a").is_file()

    @pytest.mark.parametrize(
        ("stubs", "source"),
        [
            ("esp_idf", "examples/esp_idf_microphone/main/main.c"),
            ("zephyr", "examples/zephyr_microphone/src/main.c"),
            ("none", "examples/zephyr_microphone/src/listen.c"),
            ("none", "tflm/acoustic_whistle_network_tflite.c"),
        ],
    )
    def test_examples_compile_with_stubs_of_their_kits(self, exported, tmp_path, stubs, source):
        need("cc")
        include = ["-I", str(STUBS / stubs), "-I", str(exported[0] / "src")]
        command = ["cc", "-std=c11", *STRICT, *include, "-c", str(exported[0] / source), "-o", str(tmp_path / "out.o")]
        subprocess.run(command, check=True)

    @pytest.mark.parametrize(
        ("stubs", "includes"),
        [
            ("arduino", ["Arduino.h", "examples/arduino_microphone/arduino_microphone.ino"]),
            ("tflm", ["tflm/acoustic_whistle_network_resolver.h"]),
        ],
    )
    def test_cpp_compiles_with_stubs(self, exported, tmp_path, stubs, includes):
        need("c++")
        folder = exported[0]
        (tmp_path / "main.cc").write_text("".join(f'#include "{name}"\n' for name in includes), encoding="utf-8")
        paths = [STUBS / stubs, folder, folder / "src", folder / "examples" / "arduino_microphone"]
        include = [word for path in paths for word in ("-I", str(path))]
        command = ["c++", "-std=c++17", *STRICT, *include, "-c", str(tmp_path / "main.cc")]
        subprocess.run([*command, "-o", str(tmp_path / "out.o")], check=True)

    @pytest.mark.parametrize("name", ["roast", "turbine", "hearing"])
    def test_shipped_applications_compile_with_stubs(self, tmp_path, name):
        need("cc", "c++")
        content = load_content(name)
        texts = {f"src/{file}": text for file, text in content.sources.items()} | project_files(content)
        for path, text in texts.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        examples = tmp_path / "examples"
        for kit, folder in (("esp_idf", "esp_idf_microphone/main"), ("zephyr", "zephyr_microphone/src")):
            include = ["-I", str(STUBS / kit), "-I", str(tmp_path / "src")]
            sources = sorted((examples / folder).glob("*.c"))
            assert len(sources) == 2
            subprocess.run(["cc", "-std=c11", "-fsyntax-only", *STRICT, *include, *sources], check=True)
        sketch = examples / "arduino_microphone" / "arduino_microphone.ino"
        command = ["c++", "-x", "c++", "-std=c++17", "-fsyntax-only", "-include", "Arduino.h", *STRICT]
        subprocess.run([*command, "-I", str(STUBS / "arduino"), sketch], check=True)

    @pytest.mark.slow
    @pytest.mark.parametrize("board", BOARDS.values(), ids=lambda board: board.name)
    def test_qemu_demo_prints_what_it_hears(self, exported, firmware, tmp_path, board):
        need("make")
        if missing := emulator.missing_tool(board):
            pytest.skip(f"{missing} is missing")
        folder = shutil.copytree(exported[0], tmp_path / "copy") / "examples" / "qemu"
        soundfile.write(tmp_path / "sound.wav", firmware.example_pcm, firmware.rate_hz, subtype="PCM_16")
        run = ["make", "-C", folder, "--silent", "run", "WAV=sound.wav", f"BOARD={board.name}"]
        here = {"cwd": tmp_path, "env": os.environ | {"PWD": str(tmp_path)}}
        done = subprocess.run(run, **here, check=True, capture_output=True, text=True)
        events = memoryview(firmware.expected(firmware.example_pcm)["whistles"]).cast("i").tolist()
        assert len(events) > 10
        assert done.stdout.splitlines() == [f"whistle at frame {frame}" for frame in events]

    @pytest.mark.slow
    def test_qemu_demo_refuses_another_rate(self, exported, firmware, tmp_path):
        need("make")
        if missing := emulator.missing_tool(BOARDS["cortex-m4"]):
            pytest.skip(f"{missing} is missing")
        folder = shutil.copytree(exported[0], tmp_path / "copy") / "examples" / "qemu"
        soundfile.write(tmp_path / "sound.wav", firmware.example_pcm, 2 * firmware.rate_hz, subtype="PCM_16")
        run = ["make", "--silent", "run", f"WAV={tmp_path / 'sound.wav'}"]
        done = subprocess.run(run, cwd=folder, check=False, capture_output=True, text=True)
        assert done.returncode != 0
        assert f"no WAV file of 16 bits, one channel and {firmware.rate_hz} Hz" in done.stdout


class TestNetworkAlone:
    def test_is_exported(self, tmp_path):
        need("cc")
        path = tmp_path / "My Network-2.tflite"
        path.write_bytes(DENSE.read_bytes())
        report = export(path, tmp_path / "firmware")
        assert report.content.name == "my_network_2"
        assert {check.target for check in report.proven} <= HOST_TARGETS
        assert {check.stage for check in report.proven} == {"my_network_2"}
        assert not (tmp_path / "firmware" / "examples").exists()
        assert "void my_network_2_run(void);" in (tmp_path / "firmware" / "API.md").read_text(encoding="utf-8")

    def test_has_no_load_to_limit(self, tmp_path):
        path = DENSE
        with pytest.raises(ParameterError, match="--max-load needs a bundle"):
            export(path, tmp_path / "firmware", gates=Gates(max_load=0.5))

    def test_what_the_kernels_lack_is_refused_by_name(self, tmp_path):
        path = NETWORKS / "unary16.tflite"
        with pytest.raises(ModelError, match="int16"):
            export(path, tmp_path / "firmware")
        assert list(tmp_path.iterdir()) == []

    def test_an_unknown_operator_is_refused_by_name(self, tmp_path, monkeypatch):
        monkeypatch.delitem(BUILDERS, "FULLY_CONNECTED")
        path = tmp_path / "odd.tflite"
        path.write_bytes(DENSE.read_bytes())
        with pytest.raises(ModelError, match="lacks FULLY_CONNECTED"):
            export(path, tmp_path / "firmware")
        assert not (tmp_path / "firmware").exists()


@pytest.fixture
def unproven(monkeypatch):
    """Exports that are only written, for tests of nothing but that."""
    monkeypatch.setattr(parity, "prove", lambda *_: ([], {}))


@pytest.mark.usefixtures("unproven")
class TestFolder:
    def test_an_export_replaces_an_export(self, bundle, tmp_path):
        folder = tmp_path / "firmware"
        export(bundle, folder)
        (folder / "build").mkdir()
        (folder / "build" / "some.o").write_bytes(b"object")
        export(bundle, folder)
        assert (folder / "build" / "some.o").read_bytes() == b"object"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["firmware", "own.bundle"]

    @pytest.mark.parametrize(
        ("file", "message"), [("notes.txt", "no export wrote"), ("src/acoustic_whistle.c", "edited")]
    )
    def test_what_others_wrote_is_kept(self, bundle, tmp_path, file, message):
        folder = tmp_path / "firmware"
        export(bundle, folder)
        (folder / file).write_text("mine", encoding="utf-8")
        with pytest.raises(ParameterError, match=message):
            export(bundle, folder)
        assert (folder / file).read_text(encoding="utf-8") == "mine"
        export(bundle, folder, force=True)
        assert ((folder / file).read_text(encoding="utf-8") == "mine") == (file == "notes.txt")

    def test_a_folder_of_others(self, bundle, tmp_path):
        (tmp_path / "thesis").mkdir()
        (tmp_path / "thesis" / "chapter.md").write_text("1", encoding="utf-8")
        with pytest.raises(ParameterError, match=r"no export wrote \(chapter.md\)"):
            export(bundle, tmp_path / "thesis")

    def test_same_bundle_same_bytes(self, bundle, tmp_path):
        folders = [tmp_path / "one", tmp_path / "two"]
        for folder in folders:
            export(bundle, folder)
        one, two = (
            {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} for folder in folders
        )
        assert one == two

    def test_an_empty_folder_is_taken(self, bundle, tmp_path):
        (tmp_path / "firmware").mkdir()
        export(bundle, tmp_path / "firmware")
        assert (tmp_path / "firmware" / REPORT).is_file()

    def test_not_writable(self, bundle, tmp_path):
        (tmp_path / "file").write_text("", encoding="utf-8")
        with pytest.raises(ExportError, match="cannot be written"):
            export(bundle, tmp_path / "file" / "firmware")
        with pytest.raises(ParameterError, match="is a file"):
            export(bundle, tmp_path / "file")


class TestSources:
    def test_no_such_bundle(self, tmp_path):
        with pytest.raises(BundleError, match="no such file, and no shipped bundle"):
            load_content(str(tmp_path / "none.bundle"))
        with pytest.raises(BundleError, match="cannot be read"):
            load_content(str(tmp_path / "none.tflite"))

    def test_damaged_bundle(self, bundle):
        data = bytearray(bundle.read_bytes())
        data[len(data) // 2] ^= 255
        bundle.write_bytes(bytes(data))
        with pytest.raises(BundleError, match=r"own\.bundle"):
            load_content(str(bundle))

    def test_an_application_without_firmware(self, whistle, bundle, monkeypatch):
        monkeypatch.setattr(application, "find", lambda name: replace(whistle, firmware=None))
        with pytest.raises(ExportError, match=r"own\.bundle: the application whistle has no firmware"):
            load_content(str(bundle))

    def test_an_application_that_is_not_installed(self, bundle):
        Bundle.load(bundle).replace(application="kettle").save(bundle)
        with pytest.raises(BundleError, match=r"own\.bundle: .* no application 'kettle'\. There are: hearing, roast"):
            load_content(str(bundle))


class TestGates:
    @pytest.mark.parametrize(
        ("gates", "message"),
        [
            (Gates(max_flash_bytes=100), "cortex-m4 takes .* bytes of flash, more than the 100 allowed"),
            (Gates(max_ram_bytes=100), "cortex-m4 takes .* bytes of RAM, more than the 100 allowed"),
            (Gates(max_load=1e-6), r"cortex-m4 would be busy for .*% of the time at 80 MHz, more than the 0\.0% "),
            (Gates(max_flash_bytes=100, max_ram_bytes=100), "flash, .*; cortex-m4 takes .* bytes of RAM"),
        ],
    )
    def test_exceeded(self, measured, gates, message):
        with pytest.raises(ExportError, match=message):
            gates.check(measured)

    def test_kept(self, measured):
        Gates(max_flash_bytes=30_000, max_ram_bytes=10_000, max_load=0.5).check(measured)
        Gates().check(replace(measured, costs=[]))

    def test_nothing_to_compare(self, measured):
        with pytest.raises(ExportError, match="cannot be checked"):
            Gates(max_load=1.0).check(replace(measured, costs=[]))


@pytest.fixture(scope="module")
def measured(whistle, tmp_path_factory):
    """Report of an export that was measured on a Cortex-M4."""
    if missing := emulator.missing_tool(BOARDS["cortex-m4"]):
        pytest.skip(f"{missing} is missing")
    return export("whistle", tmp_path_factory.mktemp("measured") / "firmware", [BOARDS["cortex-m4"]])


class TestCost:
    def test_flash_and_ram_add_up(self, measured):
        (cost,) = measured.costs
        assert sum(part.total_bytes for part in cost.flash) == cost.flash_bytes
        parts = {part.part: part for part in cost.flash}
        assert parts["network"].weight_bytes >= measured.content.runtimes["acoustic_whistle_network"].weight_bytes
        assert parts["application"].code_bytes > 100
        assert parts["application"].weight_bytes == 0
        buffers = {buffer.name: buffer for buffer in cost.ram}
        program = measured.content.network_sources["acoustic_whistle_network"].program
        assert buffers["arena"].bytes == program.arena_bytes
        assert buffers["whistle"].bytes > 2 * 128 + 4 * 258
        assert 0 <= cost.ram_bytes - cost.stack_bytes - sum(buffer.bytes for buffer in cost.ram) < 32
        assert 0 < cost.stack_bytes < 2000

    def test_instructions(self, measured):
        (cost,) = measured.costs
        inference = cost.instructions_per_inference["acoustic_whistle_network"]
        assert measured.content.runtimes["acoustic_whistle_network"].macs < inference
        # A frame, and an inference, come every 16 ms, and blocks every ten.
        assert inference < cost.instructions_per_block <= cost.most_instructions
        assert cost.instructions_per_second == pytest.approx(100 * cost.instructions_per_block, rel=0.02)

    def test_estimates_are_marked_and_follow(self, measured):
        (target,) = measured.to_dict()["targets"]
        estimates = target["estimates"]
        assert estimates["load"] == pytest.approx(target["instructions_per_second"] * 1.5 / 80e6)
        (mcu,) = estimates["microcontrollers"]
        assert mcu["name"] == "STM32L4R5"
        assert mcu["core_uj_per_second"] == pytest.approx(target["instructions_per_second"] * 1.5 * 278e-6)
        assert set(measured.to_dict()["estimates"]) == {"cycles", "energy"}

    def test_proven_on_the_board_too(self, measured, firmware):
        stages = {check.stage for check in measured.proven if check.target == "cortex-m4"}
        assert stages == {*firmware.stages, "acoustic_whistle_network"}


class TestNpu:
    SUMMARY = (
        "network,core_clock,inference_time,sram_memory_used,on_chip_flash_memory_used,off_chip_flash_memory_used,"
        "cycles_total,system_config,memory_mode\nx,500000000.0,2.0e-05,2.5,0.0,3.5,10000,Some_System,Shared_Sram\n"
    )

    def vela(self, folder, monkeypatch, script):
        program = folder / "vela"
        program.write_text(f"#!{sys.executable}\nimport sys, pathlib\n{script}", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def test_is_asked(self, exported, tmp_path, monkeypatch):
        script = f"pathlib.Path(sys.argv[5], 'n_summary_a.csv').write_text({self.SUMMARY!r})\n"
        self.vela(tmp_path, monkeypatch, script)
        (tmp_path / "out").mkdir()
        found = npu.estimate(tmp_path / "n.tflite", "ethos-u55-128", tmp_path / "out")
        assert (found.cycles, found.sram_bytes, found.flash_bytes) == (10_000, 2560, 3584)
        assert (found.clock_mhz, found.inference_ms) == (500.0, pytest.approx(0.02))
        assert found.system == "Some_System, Shared_Sram"
        assert list((tmp_path / "out").iterdir()) == []

    def test_its_refusal_is_passed_on(self, tmp_path, monkeypatch):
        self.vela(tmp_path, monkeypatch, "sys.exit('no such layer')\n")
        with pytest.raises(ExportError, match=r"vela refuses n\.tflite: no such layer"):
            npu.estimate(tmp_path / "n.tflite", "ethos-u55-128", tmp_path)

    def test_not_installed(self, bundle, tmp_path, monkeypatch):
        monkeypatch.setattr(npu, "find_vela", lambda: None)
        with pytest.raises(MissingExtraError, match=r"pip install 'acoustic\[npu\]'"):
            export(bundle, tmp_path / "firmware", accelerator="ethos-u55-128")
        assert not (tmp_path / "firmware").exists()


class TestCommand:
    def test_json(self, bundle, tmp_path, monkeypatch):
        monkeypatch.setattr(compilers.shutil, "which", lambda *_, **__: None)
        arguments = ["export", str(bundle), "-o", str(tmp_path / "firmware"), "--target", "cortex-m4", "--json"]
        result = runner.invoke(cli.app, arguments)
        assert result.exit_code == 0, result.output
        record = json.loads(result.stdout)
        assert {"folder", "model", "proof", "not_proven", "networks", "targets", "estimates"} <= record.keys()
        written = json.loads((tmp_path / "firmware" / REPORT).read_text(encoding="utf-8"))
        assert {**record, "files": written["files"]} == {"folder": record["folder"], **written}

    def test_limits_of_a_board_that_cannot_be_measured(self, bundle, tmp_path, monkeypatch):
        monkeypatch.setattr(compilers.shutil, "which", lambda *_, **__: None)
        arguments = [
            "export",
            str(bundle),
            "-o",
            str(tmp_path / "firmware"),
            "--target",
            "cortex-m4",
            "--max-ram",
            "9999",
        ]
        result = runner.invoke(cli.app, arguments)
        assert isinstance(result.exception, ExportError)
        assert "cortex-m4 cannot be measured here" in str(result.exception)
        listed = runner.invoke(cli.app, ["export", "--list-targets"])
        assert "apt-get install" in listed.stderr
        assert not (tmp_path / "firmware").exists()

    @pytest.mark.parametrize("extra", [[], ["--json"]])
    def test_list_targets(self, extra):
        result = runner.invoke(cli.app, ["export", "--list-targets", *extra])
        assert result.exit_code == 0
        assert all(name in result.stdout for name in (*BOARDS, "host", "ethos-u55-128"))

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "Name a bundle and a folder"),
            (["roast", "-o", "x", "--target", "z80"], "There is no target z80. There are: cortex-m3"),
            (["roast", "-o", "x", "--npu", "tpu"], "There is no NPU 'tpu'. There are: ethos-u55-32"),
        ],
    )
    def test_refusals(self, arguments, message):
        result = runner.invoke(cli.app, ["export", *arguments])
        assert isinstance(result.exception, AcousticError)
        assert message in str(result.exception)
        assert result.exception.exit_code == 2
