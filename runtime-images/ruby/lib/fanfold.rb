# frozen_string_literal: true

require 'json'

# For Ruby programs that run as tasks: what PROTOCOL.md says, as methods. Optional, standard library only; outside of a
# task, input is nil and what is said goes nowhere.
module Fanfold
  # Raised in the middle of a method whose attempt is to stop. `rescue => e` lets it pass.
  class Cancelled < Exception; end # rubocop:disable Lint/InheritException

  # What an attempt may say, in a program and in a warm process alike.
  module Saying
    # I am alive.
    def beat = say({ beat: {} })

    # I am at this step, and this part of all, 0 to 1, is done.
    def progress(step, fraction = nil)
      say({ step: step.to_s, progress: fraction }.compact)
    end

    # Asks for a sub-task with this input. The same key is the same sub-task; `run` is what it does, as a workflow's
    # canonical form has it; nobody waits for a detached one.
    def spawn(input = nil, key: nil, run: nil, detached: false)
      say({ spawn: { with: input, key: key&.to_s, run: run, detached: detached || nil }.compact })
    end
  end

  # An effect that can't be promised to be had once.
  class OnceError < StandardError; end

  # What is to happen once, for whoever can ask.
  module Asking
    # Runs the block unless an attempt at this task has already run it to its end under this key; gives what it gave then,
    # as JSON has it, at most 64 KB. PROTOCOL.md says what is promised.
    def once(key)
      told = told({ key: key.to_s })
      while told['wait']
        sleep(told['wait'] / 1000.0)
        told = told({ key: key.to_s })
      end
      return told['value'] unless told['mine']

      value = yield
      told({ key: key.to_s, value: value }).fetch('value', value)
    end

    private

    def told(asked)
      @asks = (@asks || 0) + 1
      answer = ask(asked, @asks)
      raise OnceError, answer['error'] if answer['error']

      answer
    end
  end

  # This program's attempt.
  class Program
    include Asking
    include Saying

    def run = ENV.fetch('TASK_RUN', nil)
    def workflow = ENV.fetch('TASK_WORKFLOW', nil)
    def id = ENV.fetch('TASK_ID', nil)
    def attempt = Integer(ENV.fetch('TASK_ATTEMPT', '1'))

    # The folder whose files are kept, where the task has artifacts.
    def artifacts = ENV.fetch('TASK_ARTIFACTS', nil)

    # The folder with what needs have left.
    def inputs = ENV.fetch('TASK_INPUTS', nil)

    # Whether the attempt is to stop.
    def cancelled? = @cancelled ? true : false

    # A folder for temporary files.
    def folder = ENV.fetch('TMPDIR', '/tmp')

    # A line for the log.
    def log(*values) = say({ log: values.join(' ') })

    # @private
    def cancel
      @cancelled = true
      raise Cancelled, 'the attempt was cancelled'
    end

    private

    # The answer comes as a file.
    def ask(asked, number)
      folder = ENV.fetch('TASK_ANSWERS') { raise OnceError, 'only within a task: it needs somebody to remember' }
      say({ once: asked, ask: number })
      path = File.join(folder, "#{number}.json")
      sleep 0.005 until File.exist?(path)
      JSON.parse(File.read(path, encoding: 'UTF-8'), max_nesting: false)
    end

    def say(message)
      return unless ENV.key?('TASK_CONTROL')

      @control ||= IO.for_fd(3, 'wb', autoclose: false).tap { |pipe| pipe.sync = true }
      @control.write("#{JSON.generate(message)}\n")
    end
  end

  TASK = Program.new
  private_constant :TASK

  class << self
    # This program's attempt: `Fanfold.task.progress('loading', 0.1)`.
    def task = TASK

    # The task's input.
    def input
      path = ENV.fetch('TASK_INPUT', nil)
      path && JSON.parse(File.read(path, encoding: 'UTF-8'), max_nesting: false)
    end

    # Makes a value the task's output. The last call counts.
    def output(value)
      path = ENV.fetch('TASK_OUTPUT', nil)
      File.write(path, JSON.generate(value, max_nesting: 0)) if path
    end

    # Makes a program of an object's methods as warm processes call them, `method(input, task)`: runs the one that the
    # first argument names.
    def main(object)
      name = ARGV.first.to_s
      raise ArgumentError, "no method #{name.inspect}" unless object.respond_to?(name, true)

      method = object.method(name)
      Signal.trap('TERM') { TASK.cancel }
      given = [input, TASK]
      output(method.call(*(method.arity.negative? ? given : given.first(method.arity))))
    end
  end
end
