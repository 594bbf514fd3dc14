# frozen_string_literal: true

Gem::Specification.new do |spec|
  spec.name = 'fanfold'
  spec.version = '0.1.0'
  spec.summary = 'Tasks of Fanfold workflows in Ruby'
  spec.description = 'Input, output, progress and sub-tasks for Ruby programs that run as tasks. No dependencies.'
  spec.authors = ['Fanfold']
  spec.license = 'MIT'
  spec.required_ruby_version = '>= 3.1'
  spec.files = ['lib/fanfold.rb', 'README.md']
  spec.require_paths = ['lib']
end
